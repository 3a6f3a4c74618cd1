"""Prompt templates: which prompts are one text with its slots filled anew.

texts -> cutting -> sampling -> parts -> sets -> readable
         words     distinct    what     what a   the words with
                   prompts     recurs   prompt   {…} at the slots
                                        carries
"""

from linkage.templates.cutting import Texts
from linkage.templates.mining import Mined, mine

__all__ = ["Mined", "Texts", "mine"]
