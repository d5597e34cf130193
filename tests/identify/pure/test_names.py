"""Persons' names as sources write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.identify.pure.names import NOBODY, is_junk, person
from entente.identify.pure.scripts import romanise
from entente.sample.pure import britain, germany, iran, russia, saudi_arabia

COUNTRIES = [britain.BRITAIN, germany.GERMANY, iran.IRAN, russia.RUSSIA, saudi_arabia.SAUDI_ARABIA]
PIECES = [
    "Dr.",
    "von",
    "bin",
    "Al",
    "Müller",
    ",",
    "Ivan",
    "Иванович",
    "Орлов",
    "д-р",
    "دکتر",
    "علی",
    "بن",
    "زاده",
    "J.",
    "(",
    '"',
    "test",
    "@",
    "Jr",
    "n/a",
]
NAMES = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join))


@pytest.mark.parametrize(
    ("written", "given_name", "family", "others"),
    [
        ("Hans Müller", "hans", "muller", ()), ("Müller, Hans", "hans", "muller", ()), ("Dr. Hans Müller", "hans", "muller", ()),
        ("Herr Prof. Dr. rer. nat. Hans Müller", "hans", "muller", ()), ("MR JOHN SMITH", "john", "smith", ()),
        ("Smith, John, PhD", "john", "smith", ()),
        ("Martin Luther King Jr.", "martin", "king", ("luther",)), ("Mrs. O'Rourke", "", "orourke", ()),
        ("Mary-Jane Smith", "mary", "smith", ("jane",)),
        ("Müller-Lüdenscheidt, Karl", "karl", "muller ludenscheidt", ()), ("J.R.R. Tolkien", "j", "tolkien", ("r", "r")),
        ("Tolkien J.R.R.", "j", "tolkien", ("r", "r")), ("Tolkien, J. R. R.", "j", "tolkien", ("r", "r")),
        ("Robert (Bob) Miller", "robert", "miller", ()),
        ("Anna von der Heide", "anna", "vonderheide", ()), ("von der Heide, Anna", "anna", "vonderheide", ()),
        ("Humboldt, Alexander von", "alexander", "vonhumboldt", ()),
        ("Ludwig van Beethoven", "ludwig", "vanbeethoven", ()), ("Charles de Gaulle", "charles", "degaulle", ()),
        ("Ronald Mc Donald", "ronald", "mcdonald", ()),
        ("Ben Smith", "ben", "smith", ()), ("Ali Sheikh", "ali", "sheikh", ()),
        ("john.smith@example.com", "john", "smith", ()), ("Smith", "", "smith", ()),
        ("Иван Иванович Петров", "ivan", "petrov", ("ivanovich",)), ("Петров Иван Иванович", "ivan", "petrov", ("ivanovich",)),
        ("Петров, Иван Иванович", "ivan", "petrov", ("ivanovich",)), ("Petrov Ivan Ivanovich", "ivan", "petrov", ("ivanovich",)),
        ("Анна Сергеевна", "anna", "", ("sergeevna",)), ("Орлова Юлия", "yuliya", "orlova", ()),
        ("Юлия Орлова", "yuliya", "orlova", ()),
        ("Лев Толстой", "lev", "tolstoy", ()), ("Щербаков А.С.", "a", "shcherbakov", ("s",)), ("Ю. Орлов", "y", "orlov", ()),
        ("Yu. Orlov", "y", "orlov", ()),
        ("Д-р Иван Сидоров", "ivan", "sidorov", ()), ("г-жа Анна Орлова", "anna", "orlova", ()),
        ("Слободан Милошевић", "slobodan", "miloshevic", ()),
        ("Сидоренко Олександр", "oleksandr", "sidorenko", ()),
        ("آقای دکتر علی رضایی", "ali", "rzaii", ()), ("رضایی، علی", "ali", "rzaii", ()),
        ("سرکار خانم مریم حسین زاده", "mrim", "hsinzadeh", ()),
        ("مریم حسین‌زاده", "mrim", "hsinzadeh", ()), ("سید علی حسینی", "ali", "hsini", ()),
        ("Seyed Ali Hosseini", "ali", "hosseini", ()),
        ("د. محمد بن عبدالله القحطاني", "mehmd", "alqehtani", ("bnabdalleh",)), ("محمد آل سعود", "mehmd", "alsaud", ()),
        ("Mohammed bin Salman Al Saud", "mohammed", "alsaud", ("binsalman",)),
        ("Mohammed bin Salman", "mohammed", "binsalman", ()),
        ("Abdul Rahman Al-Harthi", "abdulrahman", "alharthi", ()), ("المهندس خالد الحارثي", "khald", "alharsi", ()),
        ("Abu Bakr", "", "abubakr", ()),
    ],
)  # fmt: skip
def test_taken_apart(written, given_name, family, others):
    name = person(written)
    assert (name.given, name.family, name.others) == (given_name, family, others)


@pytest.mark.parametrize(
    "same",
    [
        ["Hans Müller", "Müller, Hans", "MÜLLER Hans", "Herr Hans Müller", "Müller Hans"],
        ["Юлия Щербакова", "Щербакова Юлия", "Щербакова, Юлия"],
        ["علی رضایی", "رضایی، علی", "علي رضايي", "آقای علی رضایی"],
        ["عبد الرحمن الحارثي", "عبدالرحمن الحارثي"],
    ],
)
def test_swapped_and_titled_names_have_the_same_tokens(same):
    assert len({person(name).tokens for name in same}) == 1


@pytest.mark.parametrize(
    "same",
    [
        ["Юлия Щербакова", "Julia Shcherbakova", "Scherbakowa, Iuliia", "Yulia Shcherbakov"],
        ["محمد رضایی", "Mohammad Rezaei", "Rezayi, Muhammed", "Мухаммед Резаи"],
        ["Иван Иванович Петров", "Ivan Petrov", "Petrow, Iwan I.", "Петров И. Иван"],
        ["Anna von der Heide", "Anna Heide", "Heide, Anna"],
        ["محمد بن عبدالله القحطاني", "Mohammed Al-Qahtani", "Alqahtani, Mohamed"],
        ["Dr. Jürgen Müller", "Juergen Mueller", "Muller, Jurgen", "Юрген Мюллер"],
        ["مریم حسین زاده", "Maryam Hosseinzadeh", "Hossein-Zadeh, Mariam"],
    ],
)  # fmt: skip
def test_one_person_in_many_scripts_has_the_same_sounds(same):
    assert len({person(name).sounds for name in same}) == 1, [person(name).sounds for name in same]


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-", "?", "...", "test", "TEST", "Test Test", "test1", "n/a", "N.A.", "NA", "none", "NULL", "unknown",
        "Unbekannt", "xxx", "XXXX", "aaa",
        "asdf", "asdasdasd", "qwertz", "000000", "12345", "no name", "keine Angabe", "Max Mustermann", "John Doe", "нет",
        "не указано", "тест", "йцукен",
        "ыыы", "تست", "نامشخص", "ندارد", "بدون نام", "لا يوجد", "غير معروف", "tbd", "\u200b", "🙂",
    ],
)  # fmt: skip
def test_junk_is_nobody(text):
    assert is_junk(text)
    assert person(text) == NOBODY


@pytest.mark.parametrize(
    "text", ["Na Li", "Tess Test-Kowalski", "Lulu", "Bo", "Xi", "Ян", "علی", "Noname Smith", "Ng", "王伟"]
)
def test_short_and_odd_names_are_somebody(text):
    assert not is_junk(text)
    assert person(text).tokens


@pytest.mark.parametrize("text", ["Mr", "Dr.", "Herr", "دکتر", "PhD"])
def test_a_title_alone_is_nobody(text):
    assert person(text) == NOBODY


def test_everybody_of_the_sample_is_understood_in_either_order():
    for country in COUNTRIES:
        for given_name, family in zip(country.men + country.women, country.families * 2, strict=False):
            plain, comma = (
                person(f"{given_name.native} {family.native}"),
                person(f"{family.native}, {given_name.native}"),
            )
            assert plain == comma
            assert (plain.given, plain.family) == (romanise(given_name.native), romanise(family.native))


@given(NAMES)
def test_is_total_and_of_plain_letters(text):
    name = person(text)
    for part in (name.given, *name.others, *name.tokens, *name.sounds):
        assert part == "" or (part.isascii() and part.isalnum())
    assert list(name.tokens) == sorted(name.tokens) == sorted([*name.given.split(), *name.family.split(), *name.others])
    assert list(name.sounds) == sorted(set(name.sounds)) and all(name.sounds)
    assert person(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "von " * 5000,
        "a," * 5000,
        "(" * 5000,
        "." * 5000,
        "د." * 3000,
        "bin bin bin",
        "Jr",
        "al-",
        ",",
        "''",
        "\ud800 x",
    ],
)
def test_hostile_names_end(text):
    assert len(person(text).tokens) <= 200
