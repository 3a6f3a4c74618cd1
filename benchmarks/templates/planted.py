"""Labelled sets that are made differently: each a list of prompts and of what each came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.templates.prose import Prose

OWN = None  # the label of a prompt that came from no template
Labelled = tuple[list[str], list[str | None]]


@dataclass(frozen=True)
class Planted:
    """A set: its name, what it is in words, how it is made, and whether it was planted after the
    method was done."""

    name: str
    what: str
    make: Callable[[Prose], Iterator[tuple[str, str | None]]]
    after: bool = False

    def labelled(self, seed: int = 1) -> Labelled:
        """Prompts and labels, shuffled."""
        prose = Prose(seed)
        rows = list(self.make(prose))
        prose.random.shuffle(rows)
        return [text for text, _ in rows], [label for _, label in rows]


NAMES = [
    "Ada",
    "Boris",
    "Chen",
    "Dana",
    "Elif",
    "Farid",
    "Greta",
    "Hugo",
    "Imani",
    "Jonas",
    "Kavya",
    "Lena",
    "Mateo",
    "Nadia",
    "Omar",
    "Pia",
    "Rosa",
    "Samir",
    "Tomoko",
    "Uma",
    "Viktor",
    "Wanda",
    "Ximena",
    "Yusuf",
    "Zofia",
]


def _system(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(150):
        system = " ".join(prose.sentence() for _ in range(prose.random.randint(3, 10)))
        for _ in range(prose.random.choice((3, 10, 60))):
            yield f"{system}\n\n{prose.passage(1, 4)}", f"s{number}"


def _pasted(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(150):
        before, after = prose.phrase(4, 12), prose.sentence(4, 12)
        shape = number % 3
        for _ in range(prose.random.choice((4, 12, 40))):
            document = prose.passage(2, 12)
            yield (
                (
                    f"{before}: {document}"
                    if shape == 0
                    else f"{before}:\n{document}\n{after}"
                    if shape == 1
                    else f"{document}\n{after}"
                ),
                f"p{number}",
            )


def _composed(prose: Prose) -> Iterator[tuple[str, str | None]]:
    wrappers = [f"{prose.sentence(8, 16)} {prose.sentence()}\n" for _ in range(12)]
    tasks = [(prose.phrase(4, 9), prose.phrase(4, 9)) for _ in range(40)]
    for _ in range(9000):
        wrapper, task = prose.random.randrange(12), prose.random.randrange(40)
        head, tail = tasks[task]
        text = f"{wrappers[wrapper]}{head.capitalize()} {prose.phrase(1, 6)} {tail}."
        yield text, f"c{wrapper}.{task}"


def _inline(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(150):
        head, tail = prose.phrase(4, 8), prose.phrase(3, 8)
        for _ in range(prose.random.choice((5, 20, 60))):
            yield f"{head} {prose.phrase(3, 25)} {tail}", f"i{number}"


def _short(prose: Prose) -> Iterator[tuple[str, str | None]]:
    commands = (
        "translate {} to {}", "define {}", "what is {}", "capital of {}", "play {} by {}",
        "remind me to {} at {}", "weather in {}", "turn on the {}", "turn off the {}",
        "how do you say {} in {}", "who wrote {}", "convert {} to {}", "call {} now",
        "set a timer for {}", "open {} please", "news about {}", "spell {}",
        "recipe for {} without {}",
    )  # fmt: skip
    for number, command in enumerate(commands):
        for _ in range(200):
            slots = (prose.phrase(1, 2) for _ in range(2))
            yield command.format(*slots), f"k{number}"


def _logs(prose: Prose) -> Iterator[tuple[str, str | None]]:
    lines = (
        "Failed password for {name} from {ip} port {n} ssh2",
        "Failed password for invalid user {name} from {ip} port {n} ssh2",
        "Accepted password for {name} from {ip} port {n} ssh2",
        "pam_unix(sshd:session): session opened for user {name} by (uid=0)",
        "pam_unix(sshd:session): session closed for user {name}",
        "Connection closed by {ip} [preauth]",
        "Received disconnect from {ip}: 11: Bye Bye [preauth]",
        "PacketResponder {n} for block blk_{n} terminating",
        "Received block blk_{n} of size {n} from /{ip}",
        "BLOCK* NameSystem.addStoredBlock: blockMap updated: {ip}:{n} is added to blk_{n} size {n}",
        "Verification succeeded for blk_{n}",
        "jk2_init() Found child {n} in scoreboard slot {n}",
        "workerEnv.init() ok /etc/httpd/conf/workers{n}.properties",
        "mod_jk child workerEnv in error state {n}",
        "[client {ip}] Directory index forbidden by rule: /var/www/{word}/",
        "Task {word} is done, took {n} ms",
        "Task {word} failed after {n} attempts: {word} not found",
        "Executor {n} registered with driver {word}",
        "Starting task {n}.{n} in stage {n}.{n} (TID {n}, {word}, partition {n}, LOCAL, {n} bytes)",
        "Finished task {n}.{n} in stage {n}.{n} (TID {n}) in {n} ms on {word}",
        "GET /api/{word}/{n} HTTP/1.1 200 {n}",
        "user {name} changed setting {word} from {word} to {word}",
        "cache miss for key {word}:{n}, loading from {word}",
        "heartbeat from node {word} missed",
    )  # fmt: skip
    values: dict[str, Callable[[], str]] = {
        "{name}": lambda: prose.random.choice(NAMES).lower(),
        "{ip}": lambda: ".".join(str(prose.random.randrange(256)) for _ in range(4)),
        "{n}": lambda: str(prose.random.randrange(10 ** prose.random.randint(1, 8))),
        "{word}": lambda: prose.phrase(1, 1),
    }
    for number, line in enumerate(lines):
        for _ in range(max(2, 2000 // (number + 1) ** 2) if number % 2 else 150):
            text = line
            for slot, value in values.items():
                while slot in text:
                    text = text.replace(slot, value(), 1)
            yield text, f"l{number}"


def _languages(prose: Prose) -> Iterator[tuple[str, str | None]]:
    texts = (
        "Sie sind ein erfahrener Übersetzer. Übersetzen Sie den folgenden Satz ins Englische: {}",
        "Schreiben Sie eine kurze Zusammenfassung für Schüler der zehnten Klasse. Text: {}",
        "Résumez le passage suivant en trois points et donnez un titre : {}",
        "Vous êtes un avocat spécialisé. Expliquez les risques de cette clause : {}",
        "Ты опытный программист. Объясни, что делает этот код, и найди ошибку: {}",
        "Напиши вежливый ответ клиенту на следующее письмо. {}",
        "أنت خبير في تحليل البيانات. لخص النص التالي في ثلاث نقاط: {}",
        "اكتب رسالة رسمية إلى المدير حول الموضوع التالي: {}",
        "आप एक अनुभवी शिक्षक हैं। निम्नलिखित प्रश्न का उत्तर सरल भाषा में दें: {}",
        "请将下面的句子翻译成英文，并解释每个词的含义：{}",  # noqa: RUF001
        "你是一位资深的数据分析师。请根据以下内容写一份报告：{}",  # noqa: RUF001
        "次の文章を三つの要点にまとめてください。文章：{}",  # noqa: RUF001
        "あなたは経験豊富な編集者です。次の文を丁寧な言い方に直してください。{}",
        "다음 글을 세 문장으로 요약하고 제목을 붙여 주세요. 글: {}",
        "Resuma el siguiente texto en una frase y proponga dos preguntas para el examen: {}",
        "Você é um revisor rigoroso. Corrija a gramática do texto e marque as mudanças. {}",
        "สรุปข้อความต่อไปนี้เป็นภาษาไทยสามข้อ: {}",
    )
    for number, text in enumerate(texts):
        for _ in range(120):
            yield text.format(prose.passage(1, 3)), f"m{number}"


def _noisy(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(120):
        sentences = [prose.words(8, 16) for _ in range(prose.random.randint(2, 5))]
        for _ in range(30):
            made = []
            for sentence in sentences:
                words = []
                for word in sentence:
                    if prose.random.random() < 0.1:
                        word = prose.phrase(1, 1)
                    elif prose.random.random() < 0.05:
                        words.append("really")
                    words.append(word)
                made.append(" ".join(words) + ".")
            if prose.random.random() < 0.3:
                prose.random.shuffle(made)
            if prose.random.random() < 0.3:
                made.insert(0, prose.random.choice(("Hi!", "Please help.", "OK.", "Hello there.")))
            if prose.random.random() < 0.3:
                made.append(prose.random.choice(("Thanks!", "Be quick.", "Thank you so much.")))
            yield " ".join(made) + " " + prose.sentence(), f"n{number}"


def _few(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(1500):
        head, tail = prose.sentence(8, 14), prose.phrase(4, 8)
        for _ in range(prose.random.randint(2, 4)):
            yield (
                f"{head} {tail.capitalize()} {prose.phrase(1, 3)}: {prose.passage(1, 3)}",
                f"f{number}",
            )


def _many(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(6):
        head, tail = prose.sentence(6, 12), prose.phrase(4, 8)
        for _ in range(5000):
            name = prose.random.choice(NAMES)
            yield (
                f"{head} {tail} {name} {prose.random.randrange(999)} {prose.phrase(1, 3)}.",
                f"a{number}",
            )


def _people(prose: Prose) -> Iterator[tuple[str, str | None]]:
    yield from ((prose.passage(1, 5), OWN) for _ in range(10000))
    for number in range(60):
        system = " ".join(prose.sentence() for _ in range(2))
        for _ in range(30):
            yield f"{system} {prose.passage(1, 3)}", f"w{number}"


def _chat(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(80):
        system, closing = f"{prose.sentence()} {prose.sentence()}", prose.sentence(4, 7)
        for _ in range(prose.random.choice((4, 15, 50))):
            turns = [f"system: {system}"]
            for _ in range(prose.random.randint(1, 4)):
                turns += [f"user: {prose.passage(1, 2)}", f"assistant: {prose.passage(1, 2)}"]
            yield "\n".join([*turns, f"user: {prose.passage(1, 1)} {closing}"]), f"d{number}"


def _fields(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(60):
        task, rule = prose.phrase(5, 9), prose.phrase(4, 9)
        names = [prose.phrase(1, 1) for _ in range(3)]
        for _ in range(25):
            values = ", ".join(f'"{name}": "{prose.phrase(1, 6)}"' for name in names)
            n = prose.random.randrange(10**6)
            yield f'{{"id": {n}, "task": "{task}", {values}, "rules": ["{rule}"]}}', f"j{number}"


def _sums(prose: Prose) -> Iterator[tuple[str, str | None]]:
    stories = (
        "{a} has {n} {x}. {s} gives {n} of them to {b}. How many {x} does {a} have left?",
        "{a} buys {n} {x} for {n} dollars each and {n} {y}. How much does {s} pay in all?",
        "A train leaves {p} at {n} and reaches {q} after {n} hours. When does {a} arrive?",
        "{a} and {b} share {n} {x} equally. Then {a} loses {n}. How many has {a} now?",
        "There are {n} {x} in a box and {n} {y} beside it. {a} takes {n}. What is left?",
        "In {p}, {a} walks {n} miles a day. How far does {s} walk in {n} weeks?",
        "{a} reads {n} pages of a book about {x} each night. When has {s} read all {n}?",
        "The garden of {a} in {p} is {n} feet long. {b} fences it in. How many feet are that?",
    )
    places = [
        "Lyon",
        "Osaka",
        "Lagos",
        "Austin",
        "Porto",
        "Pune",
        "Lima",
        "Hanoi",
        "Turin",
        "Leeds",
        "Cairo",
        "Quito",
    ]
    things = [
        "apples",
        "pears",
        "stamps",
        "marbles",
        "coins",
        "shells",
        "pencils",
        "kites",
        "cards",
        "beads",
        "nuts",
    ]
    pick = prose.random.choice
    for number, story in enumerate(stories):
        for _ in range(60):
            names = prose.random.sample(NAMES, 2)
            text = story.format(
                a=names[0], b=names[1], s=pick(("She", "He")), n="{n}", x=pick(things),
                y=pick(things), p=pick(places), q=pick(places),
            )  # fmt: skip
            while "{n}" in text:
                text = text.replace("{n}", str(prose.random.randrange(2, 99)), 1)
            yield text, f"q{number}"


def _letters(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(70):
        ask, rules = prose.sentence(7, 12), [prose.phrase(4, 8) for _ in range(4)]
        for _ in range(prose.random.choice((3, 12, 45))):
            name, other = prose.random.sample(NAMES, 2)
            listed = "\n".join(f"- {rule}" for rule in prose.random.sample(rules, 4))
            letter = f"Dear {name},\n\n{prose.passage(2, 5)}\n\nBest wishes,\n{other}"
            yield f"{ask}\n{listed}\n\n---\n{letter}", f"e{number}"


def _judging(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(40):
        rule, question = prose.sentence(8, 14), prose.phrase(5, 8)
        for _ in range(40):
            topic, scale = prose.phrase(1, 3), prose.random.choice((5, 10, 100))
            yield (
                (
                    f"{rule} On a scale from 1 to {scale}, {question} about {topic}?\n"
                    f"Response A: {prose.passage(1, 3)}\nResponse B: {prose.passage(1, 3)}"
                ),
                f"r{number}",
            )


def _personas(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(50):
        task = prose.phrase(5, 10)
        for _ in range(30):
            who, tone = prose.phrase(2, 4), prose.random.choice(("formal", "warm", "dry", "curt"))
            yield (
                f"You are {who}. Stay {tone}. {task.capitalize()} {prose.phrase(2, 9)}.",
                f"v{number}",
            )


def _code(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(60):
        ask, end = prose.phrase(4, 9), prose.sentence(5, 9)
        for _ in range(prose.random.choice((5, 20, 40))):
            names = [prose.phrase(1, 1) for _ in range(4)]
            lines = [f"def {names[0]}({names[1]}, {names[2]}):"]
            lines += [
                f"    {prose.random.choice(names)} = {prose.phrase(1, 1)}(x, 1)"
                for _ in range(prose.random.randint(2, 8))
            ]
            body = "\n".join([*lines, f"    return {names[3]}"])
            yield f"{ask}\n```python\n{body}\n```\n{end}", f"b{number}"


def _quiz(prose: Prose) -> Iterator[tuple[str, str | None]]:
    about = ("rivers", "kings", "metals", "birds", "operas", "treaties", "moons", "spices")
    for number in range(30):
        stem = prose.phrase(5, 9)
        for _ in range(30):
            options = "\n".join(f"{letter}) {prose.phrase(1, 5)}" for letter in "ABCD")
            topic, name = prose.random.choice(about), prose.random.choice(NAMES)
            yield (
                (
                    f"Answer with one letter. Topic: {topic}\n{name} asks which of these {stem}\n"
                    f"{options}\nAnswer:"
                ),
                f"z{number}",
            )


def _tickets(prose: Prose) -> Iterator[tuple[str, str | None]]:
    for number in range(50):
        role, policy, end = prose.phrase(3, 6), prose.passage(2, 3), prose.phrase(4, 7)
        for _ in range(prose.random.choice((4, 16, 48))):
            when, name = prose.random.randrange(10**5), prose.random.choice(NAMES)
            yield (
                (
                    f"As {role}, reply to ticket #{when} of {name}. {policy}\n"
                    f"Subject: {prose.phrase(2, 6)}\nMessage: {prose.passage(1, 4)}\n"
                    f"Write to {name} {end}."
                ),
                f"t{number}",
            )


PLANTED = (
    Planted("system", "150 system prompts of 3 to 10 sentences before unrelated text", _system),
    Planted("pasted", "150 tasks before, around or behind pasted documents", _pasted),
    Planted("composed", "12 wrappers times 40 tasks; both together are the label", _composed),
    Planted("inline", "fixed beginning and end around 3 to 25 words, no punctuation", _inline),
    Planted("short", "18 commands of two to eight words", _short),
    Planted("logs", "24 lines as servers log them, very unevenly used", _logs),
    Planted("languages", "17 instructions in 11 languages", _languages),
    Planted("noisy", "words changed or put in, sentences moved, small talk around them", _noisy),
    Planted("few", "1,500 templates used two to four times each", _few),
    Planted("many", "6 templates used 5,000 times each", _many),
    Planted("chat", "80 system prompts and closings around turns of a conversation", _chat),
    Planted("fields", "60 tasks as JSON objects with fields that change", _fields),
    Planted("sums", "8 sums about people, things, places and numbers", _sums),
    Planted("letters", "70 requests with rules in any order above letters", _letters),
    Planted("judging", "40 requests to compare two answers", _judging),
    Planted("personas", "50 tasks after a persona and a tone that change", _personas),
    Planted("code", "60 requests around code in a block", _code),
    Planted("quiz", "30 questions with four options, in the same frame", _quiz),
    Planted("tickets", "50 roles and policies around messages of customers", _tickets, True),
    Planted("people", "10,000 prompts from no template, 60 templates among them", _people),
)  # fmt: skip
