"""The words that made-up people are named and housed with: five countries, three scripts, every word in all its forms.

A vocabulary is an object array (words, forms). Forms of names: as written at home, two Latin spellings of it, and for
given names the short one among friends. Words are listed by falling frequency.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from typing import Any

import numpy as np

Words = np.ndarray[Any, Any]
COUNTRIES = ("GB", "DE", "RU", "IR", "SA")
NATIVE, LATIN, OTHER_LATIN, SHORT = range(4)


def _words(text: str) -> list[str]:
    return text.split()


CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        _words("a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch . y . e yu ya"),
        strict=True,
    )
)
OTHER_CYRILLIC = CYRILLIC | {"ё": "yo", "ж": "j", "й": "i", "х": "h", "ц": "c", "щ": "sch", "ю": "iu", "я": "ia"}
GERMAN = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e"}
OTHER_GERMAN = {"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "é": "e", "è": "e"}


def spelled(text: str, table: dict[str, str]) -> str:
    out = []
    for letter in text:
        latin = table.get(letter.lower(), letter).replace(".", "")
        out.append(latin.capitalize() if letter.isupper() else latin)
    return "".join(out)


def _forms(native: str, tables: tuple[dict[str, str], dict[str, str]]) -> tuple[str, str, str]:
    return native, spelled(native, tables[0]), spelled(native, tables[1])


def _given(text: str, tables: tuple[dict[str, str], dict[str, str]] = (GERMAN, OTHER_GERMAN)) -> list[tuple[str, ...]]:
    """`Name/Short` words; without a short one the name itself."""
    found = []
    for word in text.split():
        name, _, short = word.partition("/")
        found.append((*_forms(name, tables), short or name))
    return found


def _paired(text: str) -> list[tuple[str, str, str]]:
    """`native=Latin=Other` words."""
    found = []
    for word in text.split():
        native, latin, *other = word.replace("_", " ").split("=")
        found.append((native, latin, other[0] if other else latin))
    return found


def _joined(stems: list[tuple[str, ...]], ends: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Every stem with every end, but not the Bachbachs."""
    return [
        tuple(a + b for a, b in zip(stem, end, strict=True))
        for end, stem in product(ends, stems)
        if not stem[0].lower().endswith(end[0])
    ]


EN = (
    _given(
        "Oliver/Ollie Jack James/Jim William/Bill Thomas/Tom George Harry Charles/Charlie Daniel/Dan Matthew/Matt "
        "Robert/Bob Michael/Mike David/Dave Joseph/Joe Samuel/Sam Andrew/Andy Richard/Dick Edward/Ted Benjamin/Ben "
        "Alexander/Alex Peter/Pete Stephen/Steve Christopher/Chris Paul Mark Simon Anthony/Tony Kenneth/Ken Alan Ian "
        "Graham Nigel Luke Adam Nathan/Nat Ryan Liam Callum Ethan Jacob/Jake Noah Lewis/Lew Gareth Rhys Owen Stuart/Stu "
        "Gordon Keith Trevor Leonard/Len Frederick/Fred Albert/Bert Ernest/Ernie Walter/Walt Ronald/Ron Gerald/Gerry "
        "Duncan Hamish Angus Finlay Rowan Toby Jasper Hugo Barnaby Rupert Dominic/Dom Julian Marcus Felix Theodore/Theo"
    ),
    _given(
        "Olivia/Liv Emily/Em Sophie Jessica/Jess Charlotte/Lottie Elizabeth/Liz Margaret/Maggie Mary Sarah/Sally Emma "
        "Lucy Grace Hannah Alice Victoria/Vicky Katherine/Kate Rebecca/Becky Susan/Sue Patricia/Pat Jennifer/Jenny "
        "Deborah/Debbie Christine/Chris Barbara/Barb Jacqueline/Jackie Amanda/Mandy Helen Julie Karen Linda/Lin Ruth "
        "Amy Laura Rachel Chloe Megan/Meg Bethany/Beth Georgia Isabella/Bella Eleanor/Ellie Abigail/Abbie Florence/Flo "
        "Dorothy/Dot Irene Joan Doreen Sheila Maureen/Mo Pamela/Pam Valerie/Val Sandra/Sandy Gillian/Gill Heather "
        "Fiona Catriona Morag Bronwen Nerys Imogen Harriet/Hattie Matilda/Tilly Poppy Daisy Ivy Rosemary/Rose Philippa/Pippa"
    ),
)
DE = (
    _given(
        "Thomas/Tom Michael/Michi Andreas/Andi Peter Stefan Christian/Chris Markus Martin Klaus Jürgen Matthias/Matze "
        "Frank Wolfgang/Wolf Uwe Bernd Jörg Dieter Hans Karl Werner Heinz Günther Günter Rainer Ralf Holger Torsten "
        "Jan Lukas/Luki Leon Finn Jonas Maximilian/Max Felix Paul Elias Noah Ben Tim Niklas/Nik Tobias/Tobi Sebastian/Basti "
        "Alexander/Alex Daniel/Dani Florian/Flo Benjamin/Ben Dominik Philipp Johannes/Hannes Friedrich/Fritz Wilhelm/Willi "
        "Heinrich/Heiner Helmut Gerhard/Gerd Manfred Horst Joachim/Jochen Rüdiger Björn Sören Jörn Götz Kilian Emil Oskar"
    ),
    _given(
        "Sabine Susanne/Susi Petra Andrea Claudia Monika/Moni Ursula/Uschi Renate Brigitte/Gitte Helga Karin Gabriele/Gabi "
        "Birgit Martina Angelika/Geli Heike Katharina/Kathi Anna Maria Julia/Jule Sarah Lena Laura Lea Hannah Sophie Emma "
        "Mia Marie Johanna/Hanna Elisabeth/Lisa Christina/Tina Stefanie/Steffi Nicole Sandra Anja Kerstin Silke Ute Käthe "
        "Käte Gertrud/Trude Hildegard/Hilde Ingeborg/Inge Waltraud/Traudl Margarete/Grete Charlotte/Lotte Frieda Greta "
        "Franziska/Franzi Friederike/Rike Jördis Zoë Ronja Antonia/Toni Theresa/Resi Magdalena/Leni Barbara/Bärbel"
    ),
)
RU_TABLES = (CYRILLIC, OTHER_CYRILLIC)
RU = (
    _given(
        "Александр/Саша Сергей/Серёжа Дмитрий/Дима Андрей Алексей/Лёша Максим/Макс Евгений/Женя Иван/Ваня Михаил/Миша "
        "Николай/Коля Владимир/Вова Артём/Тёма Павел/Паша Роман/Рома Юрий/Юра Игорь Олег Виктор/Витя Константин/Костя "
        "Анатолий/Толя Василий/Вася Григорий/Гриша Фёдор/Федя Пётр/Петя Илья Кирилл Никита Егор Денис Антон Вадим "
        "Валерий/Валера Геннадий/Гена Борис/Боря Яков/Яша Тимофей/Тима Степан/Стёпа Захар Лев/Лёва Семён/Сёма",
        RU_TABLES,
    ),
    _given(
        "Елена/Лена Ольга/Оля Наталья/Наташа Ирина/Ира Светлана/Света Анна/Аня Татьяна/Таня Мария/Маша Екатерина/Катя "
        "Юлия/Юля Анастасия/Настя Марина Людмила/Люда Галина/Галя Надежда/Надя Валентина/Валя Виктория/Вика Дарья/Даша "
        "Ксения/Ксюша Александра/Саша Любовь/Люба Вера Нина Зинаида/Зина Тамара/Тома Лариса/Лара Алёна Полина/Поля "
        "София/Соня Варвара/Варя Елизавета/Лиза Евгения/Женя Жанна Инна Яна Раиса/Рая Лидия/Лида Кристина",
        RU_TABLES,
    ),
)
IR = (
    _paired(
        "محمد=Mohammad=Mohamad علی=Ali رضا=Reza=Riza حسین=Hossein=Hosein مهدی=Mehdi=Mahdi امیر=Amir حسن=Hassan=Hasan "
        "احمد=Ahmad=Ahmed سعید=Saeed=Said مجید=Majid حمید=Hamid مسعود=Masoud=Masud بهرام=Bahram=Bahraam آرش=Arash "
        "کامران=Kamran داریوش=Dariush=Daryoush سیاوش=Siavash=Siyavash فرهاد=Farhad بابک=Babak کوروش=Kourosh=Cyrus "
        "پویا=Pouya=Pooya نیما=Nima سهراب=Sohrab رستم=Rostam=Rustam بیژن=Bijan=Bizhan هوشنگ=Houshang=Hushang "
        "ایرج=Iraj منوچهر=Manouchehr=Manuchehr جواد=Javad یوسف=Yousef=Yusef ابراهیم=Ebrahim=Ibrahim"
    ),
    _paired(
        "فاطمه=Fatemeh=Fatima زهرا=Zahra مریم=Maryam=Mariam سارا=Sara=Sarah مینا=Mina نرگس=Narges=Nargess "
        "زینب=Zeinab=Zaynab لیلا=Leila=Leyla شیرین=Shirin=Shireen نسرین=Nasrin=Nasreen پروین=Parvin=Parveen "
        "مهناز=Mahnaz فرشته=Fereshteh=Fereshte الهام=Elham نازنین=Nazanin بهاره=Bahareh=Bahare سمیرا=Samira "
        "ندا=Neda=Nedaa پریسا=Parisa آناهیتا=Anahita شهرزاد=Shahrzad مهسا=Mahsa یاسمن=Yasaman=Yasmin هانیه=Hanieh=Haniyeh "
        "رویا=Roya ژاله=Zhaleh=Jaleh طاهره=Tahereh=Tahere معصومه=Masoumeh=Masume صدیقه=Sedigheh=Sediqeh"
    ),
)
SA = (
    _paired(
        "محمد=Mohammed=Muhammad عبدالله=Abdullah=Abdallah أحمد=Ahmed=Ahmad فهد=Fahad=Fahd خالد=Khalid=Khaled "
        "سعود=Saud=Saoud سلطان=Sultan تركي=Turki=Torki فيصل=Faisal=Faysal ناصر=Nasser=Nasir عمر=Omar=Umar "
        "علي=Ali=Aly حسن=Hassan=Hasan ماجد=Majed=Majid بندر=Bandar نايف=Nayef=Naif مشعل=Mishal=Meshal "
        "عبدالعزيز=Abdulaziz=Abdul_Aziz عبدالرحمن=Abdulrahman=Abdul_Rahman يوسف=Yousef=Yusuf إبراهيم=Ibrahim=Ebrahim "
        "صالح=Saleh=Salih وليد=Waleed=Walid زياد=Ziad=Ziyad طلال=Talal ياسر=Yasser=Yasir"
    ),
    _paired(
        "نورة=Noura=Nora سارة=Sarah=Sara فاطمة=Fatimah=Fatma مريم=Maryam=Mariam هند=Hind=Hend ريم=Reem=Rim "
        "منيرة=Munira=Moneera لطيفة=Latifa=Lateefa العنود=Alanoud=Al_Anoud عائشة=Aisha=Aysha خديجة=Khadija=Khadeeja "
        "أمل=Amal هيفاء=Haifa=Hayfa مها=Maha دانة=Dana=Danah لمى=Lama=Lamaa شهد=Shahad=Shahd جواهر=Jawaher=Jawahir "
        "بدور=Badour=Budoor غادة=Ghada رنا=Rana سمر=Samar عبير=Abeer=Abir وفاء=Wafa=Wafaa"
    ),
)

EN_STEMS = (
    "Hart Pem Kirk Rush Wick Mars Black White Brad Ash Thorn Whit Hol Lang Wood Fair Red Stan Hamp Win Nor Sut Wes East "
    "Clay Mill Brook Good Green Long Thack Ains Har Bick Cran Dun El Far Gar Hen Ing Ken Lock Mel New Old Pres Rad Shel "
    "Ald Bar Bel Bram Burn Chad Cot Crow Dal Dray Ever Fen Finch Fox Gold Grim Had Hay Hether Hol Hux Kings Lam Led Lin "
    "Mad Mor Nether Oak Pag Pil Quar Rains Rook Sand Shaw Skel Stock Swin Tad Til Ug Ven Wal Wat Wether Wool Yar"
)
EN_ENDS = (
    "son er well ton ley field berton bridge worth ham man wood ford by thorpe stone ridge combe den more gate wick shaw "
    "croft stead land hurst cott bourne dyke house holme low mere pole ster sett"
)
EN_COMMON = (
    "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans Walker White Roberts "
    "Green Hall Wood Jackson Clarke Khan Lewis Hughes Edwards Hill Moore Turner Scott Cooper Morris Ward King Watson "
    "Baker Harrison Morgan Allen James Phillips Carter Parker Cook Bennett Shaw Murphy Kelly Campbell Stewart Murray"
)
DE_STEMS = (
    "Hof Stein Berg Schön Groß Lind Feld Wald Eich Buch Birk Brunn Kirch Neu Alt Ober Nieder Rot Schwarz Weiß Gold Silber "
    "Eis Holz Stroh Wein Korn Haber Mühl Bach Brück Burg Dorn Fisch Fuchs Hirsch Kram Land Löwen Müh Pfeif Rosen Sand "
    "Adler Ahl Amsel Aschen Balt Bär Bern Bitter Blum Born Breit Buchen Busch Diet Ebers Eck Engel Erl Eschen Falken Finken "
    "Frei Gall Geiß Glas Grün Hag Hart Heid Hell Herr Hohen Immen Jäger Kalt Kessel Kess Klee Kup Laub Leh Lich Linden Mar"
)
DE_ENDS = (
    "mann er bauer meier müller berger ner hofer huber lein ke schmidt wirt haus thal kamp brand egger ert weg feld hagen "
    "hardt heim hoff horst inger kötter loh markt rath rieder stätter stock ström wieser zahn"
)
DE_COMMON = (
    "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf "
    "Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Krause Meier Lehmann Schmid "
    "Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Yılmaz"
)
RU_STEMS = (
    "Иван Смирн Кузнец Поп Васил Петр Сокол Михайл Новик Фёдор Мороз Волк Алексе Лебед Семён Егор Павл Козл Степан "
    "Никола Орл Андре Макар Никит Захар Зайц Соловь Борис Яковл Григорь Роман Воробь Сергe Кузьм Фрол Александр Дмитри "
    "Корол Гусе Кисел Иль Максим Поляк Сорок Виноград Ковал Бел Медвед Антон Тарас Жук Бара Филип Комар Давыд "
    "Абрам Аксён Анись Артемь Афанась Баж Балаш Берёз Блин Богдан Бык Влас Воронц Гаврил Герасим Голуб Горбун Гром "
    "Данил Дементь Дорон Дья Евдоким Елис Ерм Ефрем Жура Журавл Зим Зуб Иса Казак Калин Кап Карп Кира Климент Кондрат "
    "Корнил Крыл Лаврент Лар Логин Лук Лыс Мартын Матве Мель Мирон Мит Мухин Наум Нестер Нос Осип Остап Пан Пахом"
).replace("e", "е")
IR_STEMS = (
    "احمد=Ahmad محمد=Mohammad حسین=Hossein=Hosein رضا=Reza=Riza کریم=Karim رحیم=Rahim موسی=Mousa=Musa جعفر=Jafar=Jaafar "
    "صادق=Sadegh=Sadeq اکبر=Akbar فرهاد=Farhad شریف=Sharif=Shareef نور=Nour=Noor قاسم=Ghasem=Qasem هاشم=Hashem=Hashim "
    "عباس=Abbas یعقوب=Yaghoub=Yaqub سلیم=Salim=Saleem طاهر=Taher=Tahir ملک=Malek=Malik رستم=Rostam=Rustam بهرام=Bahram "
    "تقی=Taghi=Taqi نجف=Najaf کاظم=Kazem=Kazim امیر=Amir سلطان=Soltan=Sultan حیدر=Heydar=Haidar مراد=Morad=Murad خسرو=Khosro=Khosrow"
)
IR_ENDS = "ی=i=y زاده=zadeh=zade پور=pour=poor نژاد=nejad=nezhad فر=far یان=ian=yan لو=lou=loo نیا=nia=niya آبادی=abadi"
SA_ROOTS = (
    "حارث=harth=harith قحطان=qahtan=kahtan غامد=ghamd=ghamid عتيب=otaib=utaib دوسر=dosar=dawsar شهر=shehr=shahr "
    "زهران=zahran مطير=mutair=motair حرب=harb عنز=anaz=enez شمر=shammar=shamar سبيع=subaie=sobaie قرش=qurash=qorash "
    "بلو=balaw=balu جهن=juhan=johan عسير=asir=aseer رشيد=rashid=rasheed سديس=sudais=sodais خالد=khald=khalid "
    "مالك=malik=malek ناصر=nasir=naser عمر=omar=umar سعد=saad=sad فهد=fahd=fahad يوسف=yousef=yusuf صالح=saleh=salih"
)
SA_ENDS = "ي=i=y ان=an اوي=awi=awy ية=iyah=iya اني=ani=any ون=oun=un ات=at ين=in=een"


@dataclass(frozen=True)
class Vocabulary:
    """words: (w, forms). first: (k + 1,) where each part begins; weight: (w,) cumulative within its part, ending at 1."""

    words: Words
    first: Words
    weight: Words

    @cached_property
    def plain(self) -> Words:
        """(w,) in Latin, lower case, letters only: as in a mail address."""
        letters = [
            "".join(c for c in word.lower() if c.isascii() and c.isalpha()) or "x" for word in self.words[:, LATIN]
        ]
        return np.array(letters, object)

    def draw(self, part: Words, rng: np.random.Generator) -> Words:
        """One word of each row's part, by frequency."""
        at = np.searchsorted(self.weight, part + rng.random(part.size) * (1 - 1e-12), side="right")
        return np.clip(at, self.first[part], self.first[part + 1] - 1).astype(np.int32)


def vocabulary(parts: list[list[tuple[str, ...]]], shift: float, power: float) -> Vocabulary:
    """Zipf and Mandelbrot's law in every part: 1 / (rank + shift) ** power."""
    sizes = [len(part) for part in parts]
    weight = []
    for number, size in enumerate(sizes):
        share = 1.0 / (np.arange(1, size + 1) + shift) ** power
        weight.append(number + np.cumsum(share) / share.sum())
    words = np.empty((sum(sizes), len(parts[0][0])), object)
    words[:] = [word for part in parts for word in part]
    return Vocabulary(words, np.concatenate([[0], np.cumsum(sizes)]), np.concatenate(weight))


def _doubled(words: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Anna-Maria, called Anna: a long tail of rare names."""
    return [
        (*(f"{a}-{b}" for a, b in zip(one[:3], other[:3], strict=True)), one[0])
        for other in words[:3]
        for one in words[4::4]
    ]


@cache
def given_names() -> Vocabulary:
    """Parts: country × 2 + sex (0 male, 1 female)."""
    parts: list[list[tuple[str, ...]]] = []
    for pair in (EN, DE, RU, IR, SA):
        for words in pair:
            whole = [(*word[:3], word[3] if len(word) > 3 else word[0]) for word in words]
            parts.append(whole + _doubled(whole))
    return vocabulary(parts, 20.0, 1.0)


@cache
def family_names() -> Vocabulary:
    """Parts as of given names: a Russian woman's name ends otherwise, at the same place of the other part."""
    tables = (GERMAN, OTHER_GERMAN)
    english = [_forms(w, tables) for w in EN_COMMON.split()]
    english += _joined([(s,) * 3 for s in EN_STEMS.split()], [(e,) * 3 for e in EN_ENDS.split()])
    german = [_forms(w, (tables[0] | {"ı": "i"}, tables[1] | {"ı": "i"})) for w in DE_COMMON.split()]
    german += _joined([_forms(s, tables) for s in DE_STEMS.split()], [_forms(e, tables) for e in DE_ENDS.split()])
    stems = [_forms(s, RU_TABLES) for s in dict.fromkeys(RU_STEMS.split())]
    ends = zip(_words("ов ев ин енко ский цев ихин"), _words("ова ева ина енко ская цева ихина"), strict=True)
    both = _joined(
        [stem * 2 for stem in stems], [_forms(man, RU_TABLES) + _forms(woman, RU_TABLES) for man, woman in ends]
    )
    men, women = [forms[:3] for forms in both], [forms[3:] for forms in both]
    persian = _joined(_paired(IR_STEMS), _paired(IR_ENDS))
    compound = [
        tuple(f"{a}{b.lower()}" for a, b in zip(x, y, strict=True)) for x, y in product(_paired(IR_STEMS), persian)
    ]
    arabic = [("ال" + n, "Al" + a, "Al " + b.capitalize()) for n, a, b in _joined(_paired(SA_ROOTS), _paired(SA_ENDS))]
    parts: list[list[tuple[str, ...]]] = [english, english, german, german, men, women]
    parts += [persian + compound, persian + compound, arabic, arabic]
    return vocabulary(parts, 60.0, 0.7)


@cache
def cities() -> Vocabulary:
    """Parts: country. Forms: native, Latin, other Latin."""
    tables = (GERMAN, OTHER_GERMAN)
    english = [
        _forms(w.replace("_", " "), tables)
        for w in _words(
            "London Birmingham Manchester Leeds Glasgow Sheffield Bradford Liverpool Edinburgh Bristol Cardiff Leicester "
            "Coventry Belfast Nottingham Newcastle Sunderland Brighton Hull Plymouth Stoke-on-Trent Wolverhampton Derby "
            "Swansea Southampton Aberdeen Portsmouth York Norwich Dundee Luton Oxford Cambridge Exeter Ipswich Bath"
        )
    ]
    english += _joined([(s,) * 3 for s in EN_STEMS.split()], [(e,) * 3 for e in _words("bury mouth chester dale")])
    german = [
        _forms(w, (tables[0], {**tables[1]}))
        for w in _words(
            "Berlin Hamburg München Köln Frankfurt Stuttgart Düsseldorf Leipzig Dortmund Essen Bremen Dresden Hannover "
            "Nürnberg Duisburg Bochum Wuppertal Bielefeld Bonn Münster Mannheim Karlsruhe Augsburg Wiesbaden "
            "Mönchengladbach Gelsenkirchen Aachen Braunschweig Kiel Chemnitz Halle Magdeburg Freiburg Krefeld Mainz Lübeck"
        )
    ]
    german += _joined(
        [_forms(s, tables) for s in DE_STEMS.split()], [(e,) * 3 for e in _words("ingen hausen stadt dorf")]
    )
    russian = [
        _forms(w.replace("_", " "), RU_TABLES)
        for w in _words(
            "Москва Санкт-Петербург Новосибирск Екатеринбург Казань Красноярск Челябинск Самара Уфа Ростов-на-Дону "
            "Краснодар Омск Воронеж Пермь Волгоград Саратов Тюмень Тольятти Барнаул Ижевск Хабаровск Ярославль Тверь"
        )
    ]
    persian = _paired(
        "تهران=Tehran=Teheran مشهد=Mashhad=Meshed اصفهان=Isfahan=Esfahan کرج=Karaj شیراز=Shiraz تبریز=Tabriz قم=Qom=Ghom "
        "اهواز=Ahvaz=Ahwaz کرمانشاه=Kermanshah ارومیه=Urmia=Orumiyeh رشت=Rasht زاهدان=Zahedan همدان=Hamadan یزد=Yazd"
    )
    arabic = _paired(
        "الرياض=Riyadh=Riyad جدة=Jeddah=Jidda مكة=Mecca=Makkah المدينة=Medina=Madinah الدمام=Dammam الخبر=Khobar "
        "الطائف=Taif تبوك=Tabuk=Tabouk بريدة=Buraydah=Buraidah أبها=Abha حائل=Hail=Hayil نجران=Najran جازان=Jazan=Jizan"
    )
    return vocabulary([list(part) for part in (english, german, russian, persian, arabic)], 1.5, 1.0)


@cache
def streets() -> Vocabulary:
    """Parts: country. Forms: native, Latin, as abbreviated by a hurried clerk."""
    english = [
        (f"{a} {b}", f"{a} {b}", f"{a} {c}")
        for (b, c), a in product(
            (("Street", "St"), ("Road", "Rd"), ("Lane", "Ln"), ("Avenue", "Ave"), ("Close", "Cl"), ("Drive", "Dr")),
            (*_words("High Church Station Mill Park Victoria Queens Kings Manor Chapel Springfield London"),
             *[s + "field" for s in EN_STEMS.split()[:40]]),
        )
    ]  # fmt: skip
    german = [
        (a + "straße", spelled(a, GERMAN) + "strasse", a + "str.")
        for a in (*_words("Haupt Bahnhof Schul Garten Berg Dorf Kirch Wald Linden Schiller Goethe Mühlen"),
                  *[s + e for s in DE_STEMS.split() for e in ("acker", "burger", "felder")])
    ]  # fmt: skip
    russian = [
        ("улица " + a, "ulitsa " + spelled(a, CYRILLIC), "ул. " + a)
        for a in (*_words("Ленина Советская Гагарина Мира Пушкина Садовая Лесная Новая Школьная Молодёжная"),
                  *[s + "овская" for s in dict.fromkeys(RU_STEMS.split())])
    ]  # fmt: skip
    persian = [
        (f"خیابان {a[0]}{b[0]}", f"{a[1]}{b[1]} Street", f"خ {a[0]}{b[0]}")
        for b in _paired("ی=i آباد=abad شهر=shahr")
        for a in _paired(IR_STEMS)
    ]
    arabic = [("شارع " + a[0], a[1].capitalize() + " Street", "ش " + a[0]) for a in _paired(SA_ROOTS)]
    return vocabulary([list(part) for part in (english, german, russian, persian, arabic)], 10.0, 0.7)
