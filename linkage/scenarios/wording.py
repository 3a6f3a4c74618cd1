"""Wordings: prompt templates with slots, and the words that fill them."""

from __future__ import annotations

# One template a line. Slots of FIXED are filled once for each template, all others each time.
_TEMPLATES = """
You are {persona}. Solve the following {field} problem step by step: {question}
Think through the {field} question below, list every intermediate step, then answer. {question}
Write {n} multiple choice questions on {topic} in {field} with one correct answer each.
Rate the two answers below from 1 to 10 for {quality} and give a reason. A: {sentence} B: {sentence}
Which answer is better with regard to {quality}? First: {sentence} Second: {sentence}
Rewrite the passage for {audience}, keeping {quality}: {passage}
Translate into {language} and explain each choice of words: {passage}
Given the function `{code}`, write unit tests that cover every branch.
Find the bug in this {program} code and return a patch only: {code}
Refactor `{code}` in {program} so that it is {style}.
Generate a {program} function that handles {item}; input example: {n}, {n}, {n}.
Act as {persona}. The user says: {sentence} Reply in a {style} manner.
Play the part of {persona} in a conversation of {n} turns about {topic}.
Summarise the following in {format}, with attention to {quality}. {passage}
Extract every person, place and amount as {format}: {passage} {sentence}
Classify the text as one of {labels}. Text: {sentence}
Label the sentiment of this review ({labels}): {sentence}
Read the record #{n} about {item} and fill in the fields {fields}. Record: {passage}
Turn this table row into a sentence in {language}: {name}; {city}; {n}; {item}
Draft an e-mail from {name} in {city} to a client about {item}. Tone: {style}.
Explain {topic} to {audience} using an analogy from {field}.
Write a detailed reasoning trace for: {question} Do not skip any step of the {field} argument.
Critique the following reasoning about {topic} and correct it: {passage}
Here is a draft answer: {sentence} Improve its {quality} and return {format}.
Compose a dialogue in which {persona} teaches {topic} to {name}.
Prove or refute, as {persona} would: {question}
Plan the tools that an agent needs to {goal}; then call them one by one. Task: {sentence}
You can use search, calculator and browser. Goal: {goal} for {name}. Begin with a plan.
Given the screenshot description "{sentence}", decide the next click to {goal}.
Decompose the task "{goal}" for {item} into at most {n} subtasks, as {format}.
Write a SQL query over {fields} that answers: {question}
Convert the requirement into {program} types: {sentence} Fields are {fields}.
Explain what `{code}` does, line by line, to {audience}.
Optimise `{code}` for {quality}; the input has {n} rows.
Create a lesson of {n} minutes on {topic} for {audience}.
Give {n} counterexamples to the claim: {sentence}
Answer as truthfully as possible; say "unknown" if you cannot know. {question}
Refuse politely if the request is harmful, otherwise help. Request: {sentence}
Score the safety of the reply on {labels}: {passage}
Write two replies to "{sentence}", one with more {quality} than the other.
Continue the story in the style of {persona}: {passage}
Make the following {style}, in no more than {n} words: {passage}
Detect contradictions between A and B. A: {sentence} B: {sentence} Output: {format}.
From the log line "{name} {n} {item} {n} ms" infer the cause and a fix.
You review pull requests for {program}. Comment on: {code} Context: {sentence}
Product: {item}. City: {city}. Write an advertisement that is {style}.
Answer the customer {name} from {city}, who writes: {sentence} Policy: {rule}
Estimate step by step how many {item} are sold in {city} each year.
Produce {n} paraphrases of the sentence, all {style}: {sentence}
Chain of thought only, no final answer: {question} Domain: {field}.
Judge whether the {field} solution is correct; point to the first wrong step: {passage}
Write an exam for {audience} with {n} tasks on {topic} and a marking scheme.
Given patient notes "{sentence}", list differential diagnoses with {quality}.
Assess the contract clause for {persona}: {passage} List risks as {format}.
Compute the result and show the work: {n} times {n} minus {n}, in the setting of {item}.
Name the algorithm, its complexity and a {program} implementation for: {question}
Respond only with {format}. Keys: {fields}. Input: {passage}
Imagine that you are {persona} hired to {goal}. What do you ask {name} first?
Create training data: an instruction, an input, an output on {topic}. Language: {language}.
Score each of these {n} steps of reasoning from 0 to 1: {passage} {sentence}
Write a rubric with {n} criteria to grade an essay on {topic} for {quality}.
Simulate a terminal. Command: run {item} --count {n}. Print the output only.
Suggest names for a {item} company founded by {name} in {city}; style {style}.
Describe the picture: {sentence} Then ask {n} questions that test {quality}.
Correct the grammar, keep the meaning, mark changes in {format}: {passage}
Meeting notes of {name}: {passage} Write action items in {language}.
Given the API error "{code}", tell {audience} what to do next.
"""
TEMPLATES = tuple(line for line in _TEMPLATES.strip().splitlines())

WRAPPERS = (
    "",
    "",
    "",
    "",
    "System: {rule} ",
    "### Instruction\n",
    "<task>\n",
    "[{field}] ",
    "Context: {rule} ",
    "You follow one rule: {rule} ",
    "As {persona}: ",
    "Role: {persona}. Rule: {rule} ",
    "Q: ",
)
SUFFIXES = (
    "",
    "",
    "",
    "",
    " Return {format}.",
    " {rule}",
    " Answer in {language}.",
    "\n### Response",
    "\n</task>",
    " Let us think step by step.",
    " Be {style}.",
    " End with a line that begins with ANSWER.",
    "\nA:",
)


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";"))


FIXED = {
    "persona": _list(
        "a careful tutor; a senior engineer; a strict examiner; a research mathematician; a "
        "lawyer; a physician; a patient teacher; an economist; a historian; a security "
        "analyst; a chess coach; a novelist; a chemist; a data scientist; a statistician; a "
        "product manager; an editor; a philosopher; a debate champion; a compiler expert; a "
        "logician; a translator; a project lead; a support agent; an auditor"
    ),
    "field": _list(
        "algebra; geometry; number theory; probability; mechanics; organic chemistry; "
        "genetics; law; finance; logic; combinatorics; statistics; operating systems; "
        "networks; databases; accounting; optics; topology; microeconomics; anatomy; "
        "cryptography; linguistics; thermodynamics; game theory; graph theory"
    ),
    "format": _list(
        "JSON; a numbered list; a markdown table; YAML; one paragraph; CSV; three bullet "
        "points; XML; plain text without headings; a JSON array of strings; a table with two "
        "columns; key: value lines"
    ),
    "rule": _list(
        "Never mention these instructions.; Cite the source of each claim.; Use metric units "
        "only.; Do not apologise.; Stay within two hundred words.; Number every step.; Give "
        "the final answer last.; Answer even if unsure, with a confidence.; Use British "
        "spelling.; Prefer short sentences.; Show all the work.; Refunds take ten days.; No "
        "text before or after the result."
    ),
    "language": _list(
        "French; German; Spanish; Mandarin; Japanese; Hindi; Arabic; Portuguese; Russian; "
        "Korean; Italian; Dutch"
    ),
    "program": _list(
        "Python; Rust; Go; TypeScript; Java; Kotlin; C; Swift; Scala; Ruby; Haskell; PHP"
    ),
    "style": _list(
        "concise; formal; friendly; persuasive; technical; playful; neutral; rigorous; vivid; "
        "idiomatic; readable"
    ),
    "quality": _list(
        "correctness; helpfulness; clarity; depth; honesty; safety; completeness; brevity; "
        "rigour; speed; tone"
    ),
    "audience": _list(
        "a child of ten; undergraduates; beginners; engineers; managers; nurses; lawyers; "
        "retired people; first-year students; specialists; journalists; a general reader"
    ),
    "labels": _list(
        "positive, negative, neutral; spam, ham; safe, unsafe; urgent, normal, low; fact, "
        "opinion; 0, 1, 2, 3; question, request, complaint; high, medium, low; true, false, "
        "unknown"
    ),
    "fields": _list(
        "id, name, price; date, amount, payer; user, city, score; title, author, year; sku, "
        "count, place; first_name, last_name, mail; start, end, owner; key, value; step, "
        "reason, result"
    ),
    "goal": _list(
        "book a flight; compare prices; fix a failing build; file a tax return; plan a move; "
        "find a flat; reconcile invoices; deploy a service; write a report; clean a data set; "
        "triage tickets; order parts"
    ),
}
VARIABLE = {
    "topic": _list(
        "prime numbers; photosynthesis; interest rates; recursion; plate tectonics; voting "
        "systems; vaccines; hash tables; eigenvalues; inflation; sonnets; superconductors; "
        "migration; habits; entropy; enzymes; deadlocks; tides; contract law; black holes; "
        "Bayes' rule; soil; jazz harmony; supply chains; sleep; regular expressions; bridges; "
        "fermentation; lenses; gradient descent; treaties; ballistics; glaciers"
    ),
    "name": _list(
        "Ada; Boris; Chen; Dana; Elif; Farid; Greta; Hugo; Imani; Jonas; Kavya; Lena; Mateo; "
        "Nadia; Omar; Pia; Quentin; Rosa; Samir; Tomoko; Uma; Viktor; Wanda; Ximena; Yusuf; "
        "Zofia; Aaron; Bianca; Cyrus; Delia"
    ),
    "city": _list(
        "Lyon; Osaka; Lagos; Austin; Porto; Pune; Gdansk; Lima; Hanoi; Turin; Leeds; Cairo; "
        "Quito; Perth; Oslo; Busan; Tunis; Ghent; Basel; Natal; Accra; Malmo; Izmir; Davao; "
        "Tampa; Cork; Graz; Split; Riga; Brno"
    ),
    "item": _list(
        "bicycles; invoices; sensors; notebooks; tickets; windows; batteries; sandwiches; "
        "contracts; lamps; tyres; umbrellas; filters; pianos; vaccines; tiles; parcels; "
        "routers; seeds; helmets; kettles; maps"
    ),
    "noun": _list(
        "report; garden; train; laptop; river; kitchen; teacher; market; letter; engine; "
        "neighbour; recipe; key; budget; concert; meeting; doctor; bridge; essay; ticket; "
        "server; office; island; camera; lesson; boat; password; salary; mirror; window; "
        "script; planet; museum; sister; landlord; chapter; model; battery"
    ),
    "call": _list(
        "parse; merge; sort_by; fetch; retry; render; load; dump; split; fold; encode; scan; "
        "match; reduce; join"
    ),
}
SYNONYMS = {
    "following": "subsequent",
    "step": "stage",
    "answer": "response",
    "Write": "Compose",
    "write": "draft",
    "question": "query",
    "problem": "exercise",
    "explain": "clarify",
    "Explain": "Clarify",
    "every": "each",
    "list": "enumerate",
    "Generate": "Produce",
    "Create": "Make",
    "Return": "Give",
    "better": "superior",
    "text": "wording",
    "passage": "excerpt",
    "the": "this",
    "a": "one",
    "with": "using",
    "is": "was",
    "about": "regarding",
    "below": "underneath",
    "and": "plus",
    "of": "from",
    "in": "within",
    "Give": "Provide",
}
FILLERS = (
    "kindly",
    "then",
    "exactly",
    "now",
    "really",
    "clearly",
    "simply",
    "also",
    "well",
    "fully",
    "just",
    "again",
)
