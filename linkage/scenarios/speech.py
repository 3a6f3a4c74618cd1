"""What people type of their own: subjects that each cares for, shapes of sentences, habits."""

from __future__ import annotations

from typing import NamedTuple


class Subject(NamedTuple):
    """Words that belong together: things, their kinds, what is done with them (as it is said now,
    and as it is said of the past)."""

    nouns: tuple[str, ...]
    adjectives: tuple[str, ...]
    now: tuple[str, ...]
    past: tuple[str, ...]


def _list(text: str, between: str = ";") -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split(between))


def _subject(nouns: str, adjectives: str, verbs: str) -> Subject:
    pairs = [pair.split("/") for pair in _list(verbs)]
    return Subject(
        _list(nouns),
        _list(adjectives),
        tuple(now for now, _ in pairs),
        tuple(past for _, past in pairs),
    )


SUBJECTS = (
    _subject(
        "stew; dough; sourdough; omelette; risotto; marinade; lentils; dumplings; curry; "
        "pancakes; crust; sauce; broth; icing; casserole; salad; oven dish; frying pan; "
        "freezer; pumpkin; aubergine; salmon; yoghurt; vinegar; yeast",
        "burnt; salty; spicy; frozen; vegan; creamy; sour; leftover; crispy; raw; homemade; bland",
        "bake/baked; fry/fried; season/seasoned; freeze/froze; reheat/reheated; "
        "chop/chopped; boil/boiled; taste/tasted; substitute/substituted; knead/kneaded; "
        "drain/drained; grill/grilled",
    ),
    _subject(
        "hostel; ferry; visa; suitcase; itinerary; boarding pass; layover; campsite; "
        "rental car; museum pass; passport; train ticket; beach; harbour; mountain hut; "
        "sleeper train; tour guide; border; currency; travel insurance; old town; airport "
        "bus; guidebook; souvenir; hiking trail",
        "overnight; coastal; remote; crowded; refundable; scenic; expensive; nearby; "
        "delayed; foreign; sunny",
        "book/booked; cancel/cancelled; reach/reached; visit/visited; pack/packed; "
        "rent/rented; cross/crossed; miss/missed; plan/planned; postpone/postponed; "
        "share/shared; recommend/recommended",
    ),
    _subject(
        "unit test; pull request; database index; stack trace; container; config file; "
        "regex; cron job; login form; memory leak; null pointer; dependency; websocket; "
        "migration; endpoint; query plan; linter; build script; race condition; cache; "
        "json parser; thread pool; branch; date picker; crash",
        "flaky; nested; deprecated; async; recursive; typed; legacy; minified; empty; "
        "slow; cached; duplicated",
        "debug/debugged; deploy/deployed; refactor/refactored; merge/merged; "
        "compile/compiled; profile/profiled; revert/reverted; mock/mocked; "
        "import/imported; log/logged; lint/linted; parse/parsed",
    ),
    _subject(
        "lease; deposit; clause; court letter; contract; will; notice; landlord; fine; "
        "warranty; invoice; complaint; custody plan; trademark; witness; settlement; "
        "power of attorney; parking ticket; tenancy; appeal; consumer law; signature; "
        "deadline; privacy notice; claim",
        "binding; verbal; unsigned; unfair; legal; written; joint; expired; formal; disputed",
        "sign/signed; dispute/disputed; terminate/terminated; appeal/appealed; "
        "enforce/enforced; draft/drafted; negotiate/negotiated; renew/renewed; "
        "breach/breached; witness/witnessed; reject/rejected",
    ),
    _subject(
        "essay; thesis; footnote; exam; lecture; bibliography; homework; seminar; grade; "
        "poster; scholarship; reading list; lab report; flashcards; tutor; semester; "
        "paragraph; dissertation; citation; term paper; study group; presentation; "
        "outline; rubric; summary",
        "overdue; graded; anonymous; optional; peer-reviewed; final; introductory; "
        "plagiarised; short; oral",
        "submit/submitted; revise/revised; cite/cited; grade/graded; memorise/memorised; "
        "outline/outlined; present/presented; proofread/proofread; quote/quoted; "
        "finish/finished; skip/skipped",
    ),
    _subject(
        "headache; prescription; knee; allergy; blood test; migraine; vaccine; rash; "
        "physio; dosage; ankle; inhaler; back pain; antibiotic; cough; insulin; sleep "
        "diary; dentist; blood pressure; vitamin; appointment; thyroid; asthma; stitches; "
        "fever",
        "chronic; mild; sudden; swollen; sore; seasonal; itchy; severe; weekly; high; painful",
        "treat/treated; swallow/swallowed; sprain/sprained; monitor/monitored; "
        "ease/eased; heal/healed; prescribe/prescribed; stretch/stretched; "
        "diagnose/diagnosed; inject/injected; prevent/prevented",
    ),
    _subject(
        "mortgage; pension; tax return; savings account; credit card; budget; overdraft; "
        "index fund; loan; dividend; refund; payslip; interest rate; crypto wallet; "
        "exchange rate; bank fee; insurance; side income; inheritance; receipt; bond; "
        "student debt; spreadsheet; allowance; rent",
        "monthly; fixed; overdue; variable; taxable; joint; early; unpaid; pre-tax; risky; cheap",
        "invest/invested; repay/repaid; transfer/transferred; deduct/deducted; "
        "save/saved; budget/budgeted; withdraw/withdrew; refinance/refinanced; "
        "declare/declared; borrow/borrowed",
    ),
    _subject(
        "guitar; chord progression; drum loop; choir; melody; synth; bass line; lyrics; "
        "metronome; setlist; recording; violin; microphone; key change; piano lesson; jam "
        "session; mixtape; harmony; amplifier; chorus; rhythm; concert; playlist; solo; "
        "demo tape",
        "minor; acoustic; distorted; catchy; live; syncopated; muted; off-key; slow; borrowed",
        "tune/tuned; record/recorded; transpose/transposed; practise/practised; "
        "mix/mixed; strum/strummed; compose/composed; rehearse/rehearsed; sample/sampled; "
        "hum/hummed; play/played",
    ),
    _subject(
        "tomato plants; compost; hedge; greenhouse; lawn; mulch; slugs; orchard; raised "
        "bed; pruning shears; seedlings; rose; watering can; fence; bulb; soil test; "
        "wheelbarrow; herb bed; aphids; apple tree; pond; fertiliser; weeds; patio; ivy",
        "shady; potted; overgrown; muddy; wilted; sandy; perennial; leafy; frost-bitten; dry",
        "plant/planted; prune/pruned; water/watered; dig/dug; harvest/harvested; "
        "mow/mowed; weed/weeded; repot/repotted; trim/trimmed; sow/sowed; rake/raked",
    ),
    _subject(
        "half marathon; deadlift; training plan; goalkeeper; swimming lane; bike chain; "
        "relay; yoga mat; referee; treadmill; squat rack; tennis serve; league table; "
        "climbing wall; penalty; rest day; protein shake; cadence; warm-up; pitch; coach; "
        "injury; stopwatch; relegation; sprint",
        "weekly; amateur; defensive; uphill; tired; competitive; indoor; slow; strong; final",
        "run/ran; train/trained; lift/lifted; score/scored; stretch/stretched; "
        "pace/paced; block/blocked; race/raced; climb/climbed; win/won; lose/lost",
    ),
    _subject(
        "boiler; radiator; skirting board; drill; kitchen tap; plaster; loft; gutter; "
        "tile grout; wardrobe; fuse box; shower head; paint roller; bookshelf; curtain "
        "rail; doorbell; damp patch; extractor fan; floorboard; hinge; sealant; window "
        "frame; wallpaper; smoke alarm; drain",
        "leaky; squeaky; cracked; damp; loose; wobbly; rusty; blocked; mouldy; wooden; noisy",
        "fix/fixed; paint/painted; insulate/insulated; unblock/unblocked; drill/drilled; "
        "replace/replaced; sand/sanded; tighten/tightened; install/installed; "
        "plaster/plastered; measure/measured",
    ),
    _subject(
        "colleague; quarterly report; standup; cover letter; promotion; notice period; "
        "onboarding; slide deck; customer call; stakeholder; job interview; payroll; "
        "performance review; agenda; shift; remote day; sales target; team lead; minutes; "
        "resignation; inbox; supplier; newsletter; roadmap; handover",
        "awkward; weekly; urgent; internal; vague; quarterly; late; polite; unpaid; difficult",
        "schedule/scheduled; email/emailed; present/presented; approve/approved; "
        "delegate/delegated; interview/interviewed; chase/chased; draft/drafted; "
        "postpone/postponed; hire/hired; pitch/pitched",
    ),
    _subject(
        "toddler; bedtime; nursery; school run; birthday party; pram; babysitter; screen "
        "time; tantrum; car seat; maths homework; teenager; sleepover; pocket money; "
        "grandparents; potty; fairy tale; packed lunch; twins; lullaby; school trip; "
        "swimming class; chores; nappy bag; cousin",
        "fussy; shy; stubborn; tired; cheeky; older; younger; curious; jealous; noisy",
        "comfort/comforted; bribe/bribed; teach/taught; scold/scolded; feed/fed; "
        "dress/dressed; distract/distracted; praise/praised; invite/invited; "
        "bathe/bathed; pick up/picked up",
    ),
    _subject(
        "eclipse; telescope; enzyme; proton; glacier; orbit; photon; fossil; black hole; "
        "membrane; isotope; tectonic plate; neuron; pendulum; catalyst; half-life; lens; "
        "gene; vacuum; entropy; wave function; magnet; bacteria; solar wind; tide",
        "thermal; radioactive; cellular; visible; magnetic; ancient; stable; quantum; "
        "dense; negative",
        "observe/observed; measure/measured; heat/heated; model/modelled; "
        "dissolve/dissolved; predict/predicted; cool/cooled; simulate/simulated; "
        "calculate/calculated; derive/derived",
    ),
    _subject(
        "villain; chapter; plot twist; narrator; haiku; sonnet; dragon; heist; detective; "
        "spaceship; love interest; prologue; dialogue; fantasy map; rival; castle; "
        "sidekick; ghost story; screenplay; cliffhanger; wizard; diary; metaphor; ending; "
        "epilogue",
        "haunted; unreliable; tragic; medieval; clumsy; immortal; witty; doomed; lonely; secret",
        "rewrite/rewrote; outline/outlined; kill off/killed off; foreshadow/foreshadowed; "
        "narrate/narrated; rhyme/rhymed; invent/invented; shorten/shortened; "
        "introduce/introduced; betray/betrayed",
    ),
    _subject(
        "clutch; tyre pressure; gearbox; dashboard light; brake pads; second-hand car; "
        "exhaust; battery; roof rack; scooter; charging cable; mechanic; windscreen; "
        "speed camera; oil change; parking sensor; spark plug; caravan; motorbike; "
        "service book; towbar; headlight; mileage; hubcap; bumper",
        "worn; electric; scratched; flat; automatic; used; misted; rattling; diesel; dented",
        "service/serviced; tow/towed; charge/charged; park/parked; brake/braked; "
        "jump-start/jump-started; sell/sold; scratch/scratched; overtake/overtook; "
        "replace/replaced; inspect/inspected",
    ),
)
PEOPLE = _list(
    "I; I; I; we; my sister; my brother; my boss; our neighbour; my flatmate; a friend of "
    "mine; my dad; mum; the manager; someone at work; my partner; our teacher; the landlady; "
    "my uncle; Ada; Boris; Chen; Dana; Elif; Farid; Greta; Hugo; Imani; Jonas; Kavya; Lena; "
    "Mateo; Nadia; Omar; Pia; Quentin; Rosa; Samir; Tomoko; Uma; Viktor; Wanda; Ximena; "
    "Yusuf; Zofia; Aaron; Bianca; Cyrus; Delia; Agnes; Bashir; Carmen; Dmitri; Esther; Fiona; "
    "Gustav; Hana; Ines; Jamal; Kirsten; Luca; Miriam; Noor; Otto; Priya; Rafael; Sinead; "
    "Tariq; Ursula; Vera; Xavier"
)
TIMES = _list(
    "yesterday; last week; on Monday; on Friday night; two days ago; this morning; in March; "
    "over the holidays; before lunch; just now; twice already; last summer; a month ago; "
    "since Easter; after work; at the weekend; around midnight; for three weeks; during the "
    "exam; by mistake; without any warning; in a hurry; for the first time; once again; at "
    "the last minute; all day; in the end; a bit too early; a while back; on the way home; in "
    "my first year; every evening; before the deadline; because of the rain; in spite of the "
    "rules; at half past six; on purpose; in winter; only once; while I was away"
)
PLACES = _list(
    "at home; in the office; near the station; in Lyon; in Osaka; at my parents' place; on "
    "the third floor; next to the school; in a small town; abroad; online; in the basement; "
    "at the border; behind the shop; in our street; at the clinic; in Lagos; in Austin; by "
    "the sea; in the kitchen; at uni; in the car; on the balcony; in Porto; in a shared flat; "
    "at the gym; under the table; in Gdansk; in the spare room; at the bus stop; in Lima; on "
    "campus; in the garage; at the town hall; in Cork"
)
STATES = _list(
    "broken; too expensive; fine now; not what I expected; much better; hard to explain; "
    "wrong; nearly done; far too long; confusing; worth it; a mess; out of date; quite "
    "normal; unusable; getting worse; impossible to find; good enough; a bit strange; ready; "
    "too late; missing; surprisingly good; the main problem; unclear; overrated; safe; a "
    "waste of time"
)
STATEMENTS = (
    "{who} {past} {thing} {time}.",
    "{who} {past} {thing} {place}.",
    "{who} {past} {thing} {place} {time}.",
    "{thing} is {state}.",
    "{thing} was {state} {time}, and now {thing} is too.",
    "{time} {who} {past} {thing}, but {thing} is still {state}.",
    "I thought {thing} was {state}.",
    "{who} says that {thing} is {state}.",
    "There is {thing} {place} that nobody has {past} yet.",
    "I have {n} of them and {thing} is {state}.",
    "It took {n} hours before {who} {past} {thing}.",
    "We have {thing} and {thing}, both {state}.",
    "Since {who} {past} {thing}, {thing} is {state}.",
    "My problem is {thing}.",
    "{thing} costs {n} {place}, which is {state}.",
    "Apparently {who} {past} {thing} instead of {thing}.",
    "I don't want to {now} {thing} again.",
    "{who} would rather {now} {thing} {time}.",
    "Nobody {place} knows how to {now} {thing}.",
    "I already {past} {thing} and {past} {thing}.",
)
QUESTIONS = (
    "How do I {now} {thing}?",
    "How do I {now} {thing} {place}?",
    "What happens if I {now} {thing} {time}?",
    "Is it ok to {now} {thing} when {thing} is {state}?",
    "Why is {thing} {state}?",
    "Why did {who} {now} {thing}?",
    "Should I {now} {thing} or {now} {thing}?",
    "What's the difference between {thing} and {thing}?",
    "Can you {now} {thing} for me?",
    "How long does it take to {now} {thing}?",
    "Is {thing} {state} if {who} {past} it {time}?",
    "Give me {n} ideas for {thing}.",
    "Write something about {thing} {place}.",
    "Explain {thing} like I never {past} one.",
    "Which is better {place}, {thing} or {thing}?",
    "Do you know a way to {now} {thing} without {thing}?",
    "Help me {now} {thing}.",
    "Tell me what to do about {thing} {place}.",
    "What would you do if {who} {past} {thing}?",
    "Does it matter that {who} {past} {thing} {time}?",
    "Any tips on {thing}?",
    "Where can I {now} {thing} {place}?",
    "Who should {now} {thing} {time}?",
    "Would {n} be enough to {now} {thing}?",
    "Make a list of what I need to {now} {thing}.",
    "When is the best time to {now} {thing}?",
    "Can {thing} be {state} just because {who} {past} {thing}?",
    "How much is {thing} {place}?",
)
WHOSE = _list("the; the; a; my; our; this; some; that; another; his; her; your")
HABITS = (
    ("because", "cuz"),
    (" you ", " u "),
    ("don't", "dont"),
    ("What's", "Whats"),
    (" and ", " & "),
    ("the ", "teh "),
    (". ", "... "),
    ("? ", "?? "),
    ("something", "smth"),
    (" without ", " w/o "),
    ("Can ", "Could "),
    ("How do I", "how to"),
)
OPENERS = _list(
    "Hi,; Hello!; Quick question:; Could you help me?; Please help:; So; OK,; I was "
    "wondering.; Good morning,; Sorry to ask again.; One more thing:; I need advice.; Hey; hi "
    "there; Another one:; Not sure if you can answer this.; Good evening.; Me again.; Silly "
    "question:; Help!; Right,; As I said,; Let me rephrase.; Thanks for the last answer.; "
    "Next:; I have a problem.; Still stuck.; Random question.; Yo; Dear assistant,; Bit of "
    "background first.; Forget the last one.; New topic.; Hmm,; For context:; I'm confused.; "
    "Long story short:; This may sound odd.; Second try:; It's about the same thing."
)
CLOSERS = _list(
    "Thanks!; Thank you.; Keep it short.; What do you think?; Any ideas?; Be honest.; In "
    "simple words please.; I need it by tonight.; Explain why.; Can you check it?; thx; "
    "Cheers; Please be specific.; No lists please.; Step by step if possible.; I'm a "
    "beginner.; Just the answer.; Don't sugarcoat it.; And tell me why.; In two sentences.; "
    "Ta; Much appreciated.; It's for tomorrow.; Does that make sense?; Correct me if I'm "
    "wrong.; Asking for a friend.; Give examples.; Please don't judge.; I can send more "
    "details.; Is that normal?; Let me know.; That's all.; Use plain language.; Sources "
    "please.; Hope that's clear.; What am I missing?; Be nice.; Am I overthinking this?; As a "
    "table.; tia"
)
