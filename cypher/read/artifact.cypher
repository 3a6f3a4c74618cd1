// One artifact. In place of <label>: its kind's. Parameters: $run, $key (its value).
MATCH (x:`<label>` {run: $run, value: $key})
RETURN x.kind AS kind, coalesce(x.text, x.value) AS value, x.accounts AS accounts,
  x.degree AS degree, x.whole AS whole, x.words AS words
