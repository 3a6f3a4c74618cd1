"""Who is missed and who is wrongly flagged: cases of one month, in the product's words."""
