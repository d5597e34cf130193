"""Postcodes that tell the time zone, for countries that have several. Data only, and only where the prefix is certain.

Each row: first and last prefix (same length, compared as text) and every zone in use there. A place on a border gets
all its zones. Sources: the postal services' lists of prefixes by state or region, the tz database's zones.
"""

_US_E, _US_C, _US_M, _US_P = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
_AU_E, _AU_B, _AU_A, _AU_D = "Australia/Sydney", "Australia/Brisbane", "Australia/Adelaide", "Australia/Darwin"

Rows = tuple[tuple[str, str, tuple[str, ...]], ...]

UNITED_STATES: Rows = (
    ("005", "005", (_US_E,)),
    ("006", "009", ("America/Puerto_Rico",)),
    ("010", "319", (_US_E,)),
    ("320", "323", (_US_E, _US_C)),
    ("324", "325", (_US_C, _US_E)),
    ("326", "349", (_US_E,)),
    ("350", "369", (_US_C, _US_E)),
    ("370", "372", (_US_C, _US_E)),
    ("373", "379", (_US_E, _US_C)),
    ("380", "385", (_US_C, _US_E)),
    ("386", "397", (_US_C,)),
    ("398", "399", (_US_E,)),
    ("400", "427", (_US_E, _US_C)),
    ("430", "459", (_US_E,)),
    ("460", "479", (_US_E, _US_C)),
    ("480", "499", (_US_E, _US_C)),
    ("500", "528", (_US_C,)),
    ("530", "567", (_US_C,)),
    ("570", "588", (_US_C, _US_M)),
    ("590", "599", (_US_M,)),
    ("600", "658", (_US_C,)),
    ("660", "693", (_US_C, _US_M)),
    ("700", "729", (_US_C,)),
    ("730", "749", (_US_C, _US_M)),
    ("750", "797", (_US_C,)),
    ("798", "799", (_US_M, _US_C)),
    ("800", "831", (_US_M,)),
    ("832", "838", (_US_M, "America/Boise", _US_P)),
    ("840", "847", (_US_M,)),
    ("850", "865", ("America/Phoenix", _US_M)),
    ("870", "885", (_US_M, _US_C)),
    ("889", "898", (_US_P, _US_M)),
    ("900", "961", (_US_P,)),
    ("967", "968", ("Pacific/Honolulu",)),
    ("969", "969", ("Pacific/Guam",)),
    ("970", "979", (_US_P, "America/Boise")),
    ("980", "994", (_US_P,)),
    ("995", "999", ("America/Anchorage", "America/Adak", _US_P)),
)

CANADA: Rows = (
    ("A", "A", ("America/St_Johns", "America/Goose_Bay")),
    ("B", "C", ("America/Halifax",)),
    ("E", "E", ("America/Moncton", "America/Halifax")),
    ("G", "G", ("America/Toronto", "America/Halifax", "America/Blanc-Sablon")),
    ("H", "H", ("America/Toronto",)),
    ("J", "N", ("America/Toronto",)),
    ("P", "P", ("America/Toronto", "America/Winnipeg", "America/Atikokan")),
    ("R", "R", ("America/Winnipeg",)),
    ("S", "S", ("America/Regina", "America/Edmonton")),
    ("T", "T", ("America/Edmonton",)),
    ("V", "V", ("America/Vancouver", "America/Edmonton", "America/Creston", "America/Fort_Nelson")),
)

AUSTRALIA: Rows = (
    ("08", "09", (_AU_D,)),
    ("10", "27", (_AU_E,)),
    ("28", "28", (_AU_E, "Australia/Broken_Hill", "Australia/Lord_Howe")),
    ("29", "39", (_AU_E,)),
    ("40", "47", (_AU_B,)),
    ("48", "48", (_AU_B, "Australia/Lindeman")),
    ("49", "49", (_AU_B,)),
    ("50", "58", (_AU_A,)),
    ("60", "69", ("Australia/Perth", "Australia/Eucla")),
    ("70", "79", ("Australia/Hobart",)),
    ("80", "89", (_AU_E,)),
    ("90", "99", (_AU_B,)),
)

RUSSIA: Rows = (
    ("101", "231", ("Europe/Moscow",)),
    ("236", "238", ("Europe/Kaliningrad",)),
    ("241", "399", ("Europe/Moscow",)),
    ("400", "404", ("Europe/Volgograd",)),
    ("410", "413", ("Europe/Saratov",)),
    ("414", "416", ("Europe/Astrakhan",)),
    ("420", "425", ("Europe/Moscow",)),
    ("426", "427", ("Europe/Samara",)),
    ("428", "431", ("Europe/Moscow",)),
    ("432", "433", ("Europe/Ulyanovsk",)),
    ("440", "442", ("Europe/Moscow",)),
    ("443", "446", ("Europe/Samara",)),
    ("450", "462", ("Asia/Yekaterinburg",)),
    ("600", "609", ("Europe/Moscow",)),
    ("610", "613", ("Europe/Kirov",)),
    ("614", "629", ("Asia/Yekaterinburg",)),
    ("630", "633", ("Asia/Novosibirsk",)),
    ("634", "636", ("Asia/Tomsk",)),
    ("640", "641", ("Asia/Yekaterinburg",)),
    ("644", "646", ("Asia/Omsk",)),
    ("647", "648", ("Asia/Krasnoyarsk",)),
    ("649", "649", ("Asia/Barnaul",)),
    ("650", "654", ("Asia/Novokuznetsk",)),
    ("655", "655", ("Asia/Krasnoyarsk",)),
    ("656", "659", ("Asia/Barnaul",)),
    ("660", "663", ("Asia/Krasnoyarsk",)),
    ("664", "666", ("Asia/Irkutsk",)),
    ("667", "668", ("Asia/Krasnoyarsk",)),
    ("669", "671", ("Asia/Irkutsk",)),
    ("672", "674", ("Asia/Chita",)),
    ("675", "676", ("Asia/Yakutsk",)),
    ("677", "678", ("Asia/Yakutsk", "Asia/Khandyga", "Asia/Vladivostok", "Asia/Ust-Nera", "Asia/Srednekolymsk")),
    ("679", "682", ("Asia/Vladivostok",)),
    ("683", "684", ("Asia/Kamchatka",)),
    ("685", "686", ("Asia/Magadan",)),
    ("687", "687", ("Asia/Chita",)),
    ("688", "688", ("Asia/Kamchatka",)),
    ("689", "689", ("Asia/Anadyr",)),
    ("690", "692", ("Asia/Vladivostok",)),
    ("693", "694", ("Asia/Sakhalin", "Asia/Srednekolymsk")),
)

SPAIN: Rows = (
    ("01", "34", ("Europe/Madrid",)),
    ("35", "35", ("Atlantic/Canary",)),
    ("36", "37", ("Europe/Madrid",)),
    ("38", "38", ("Atlantic/Canary",)),
    ("39", "50", ("Europe/Madrid",)),
    ("51", "52", ("Africa/Ceuta",)),
)

PORTUGAL: Rows = (
    ("10", "89", ("Europe/Lisbon",)),
    ("90", "94", ("Atlantic/Madeira",)),
    ("95", "99", ("Atlantic/Azores",)),
)

BY_COUNTRY: dict[str, Rows] = {
    "US": UNITED_STATES,
    "CA": CANADA,
    "AU": AUSTRALIA,
    "RU": RUSSIA,
    "ES": SPAIN,
    "PT": PORTUGAL,
}
