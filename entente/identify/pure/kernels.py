"""Compiled loops over letters: likeness of texts, and the levels of many pairs at once.

All in one file: what is compiled and kept does not notice when a loop it calls changes in another one.
"""

import numba
import numpy as np

CLOSE, ALIKE = 0.92, 0.84  # likeness of names from which on they are close, or alike
NAME, WORDS, DATE, CODE, MAIL, PLACE = range(6)  # how a field is compared
LONGEST = 64  # letters that are compared; what differs only beyond them is taken for the same


@numba.njit(cache=True, nogil=True)
def hash_texts(letters, ends, out):  # type: ignore[no-untyped-def]
    for text in range(len(out)):
        value = np.uint64(14695981039346656037)
        for at in range(ends[text], ends[text + 1]):
            value = (value ^ np.uint64(letters[at])) * np.uint64(1099511628211)
        value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
        value ^= value >> np.uint64(33)
        out[text] = value if value != 0 else np.uint64(1)


@numba.njit(cache=True, nogil=True)
def jaro_winkler(letters, a, a_end, b, b_end):  # type: ignore[no-untyped-def]
    """Winkler (1990): Jaro's share of letters in common, raised for a common beginning of up to four."""
    first, second = min(a_end - a, LONGEST), min(b_end - b, LONGEST)
    if first == 0 or second == 0:
        return 0.0
    reach = max(max(first, second) // 2 - 1, 0)
    taken_a, taken_b = np.uint64(0), np.uint64(0)
    one = np.uint64(1)
    common = 0
    for i in range(first):
        low, high = max(0, i - reach), min(second, i + reach + 1)
        for j in range(low, high):
            if (taken_b >> np.uint64(j)) & one == 0 and letters[a + i] == letters[b + j]:
                taken_a |= one << np.uint64(i)
                taken_b |= one << np.uint64(j)
                common += 1
                break
    if common == 0:
        return 0.0
    crossed, j = 0, 0
    for i in range(first):
        if (taken_a >> np.uint64(i)) & one:
            while (taken_b >> np.uint64(j)) & one == 0:
                j += 1
            if letters[a + i] != letters[b + j]:
                crossed += 1
            j += 1
    jaro = (common / first + common / second + (common - crossed / 2) / common) / 3
    same = 0
    while same < 4 and same < first and same < second and letters[a + same] == letters[b + same]:
        same += 1
    return jaro + 0.1 * same * (1.0 - jaro)


@numba.njit(cache=True, nogil=True)
def one_slip_apart(letters, a, a_end, b, b_end):  # type: ignore[no-untyped-def]
    """At most one letter put in, left out, changed, or two neighbours exchanged."""
    first, second = a_end - a, b_end - b
    if abs(first - second) > 1:
        return False
    at = 0
    while at < first and at < second and letters[a + at] == letters[b + at]:
        at += 1
    end = 0
    while end < first - at and end < second - at and letters[a_end - 1 - end] == letters[b_end - 1 - end]:
        end += 1
    left, right = first - at - end, second - at - end
    if left <= 1 and right <= 1:
        return True
    return (
        left == 2 and right == 2 and letters[a + at] == letters[b + at + 1] and letters[a + at + 1] == letters[b + at]
    )


@numba.njit(cache=True, nogil=True)
def same_words(letters, a, a_end, b, b_end):  # type: ignore[no-untyped-def]
    """How many words of the shorter text stand in the other, and of how many: both texts are words between single spaces."""
    found, words = 0, 0
    start = a
    for at in range(a, a_end + 1):
        if at == a_end or letters[at] == 32:
            if at > start:
                words += 1
                found += _has_word(letters, start, at, b, b_end)
            start = at + 1
    return found, words


@numba.njit(cache=True, nogil=True)
def _has_word(letters, start, end, b, b_end):  # type: ignore[no-untyped-def]
    word = b
    for at in range(b, b_end + 1):
        if at == b_end or letters[at] == 32:
            if end - start == 1 and at > word and letters[word] == letters[start]:
                return 1  # an initial
            if at - word == end - start:
                k = 0
                while k < end - start and letters[start + k] == letters[word + k]:
                    k += 1
                if k == end - start:
                    return 1
            word = at + 1
    return 0


@numba.njit(cache=True, nogil=True)
def same_digits(letters, a, a_end, b, b_end):  # type: ignore[no-untyped-def]
    """Are the digits of both texts the same, one after the other?"""
    while True:
        while a < a_end and not 48 <= letters[a] <= 57:
            a += 1
        while b < b_end and not 48 <= letters[b] <= 57:
            b += 1
        if a == a_end or b == b_end:
            return a == a_end and b == b_end
        if letters[a] != letters[b]:
            return False
        a += 1
        b += 1


@numba.njit(cache=True, nogil=True)
def compare_names(letters, ends, a, b, near, out):  # type: ignore[no-untyped-def]
    for k in range(len(a)):
        if a[k] >= 0 and b[k] >= 0:
            out[k] = 3 if a[k] == b[k] else _names(letters, ends, a[k], b[k], near[k])


@numba.njit(cache=True, nogil=True)
def compare_words(letters, ends, a, b, near, out):  # type: ignore[no-untyped-def]
    for k in range(len(a)):
        if a[k] >= 0 and b[k] >= 0:
            out[k] = 2 if a[k] == b[k] else _words(letters, ends, a[k], b[k], near[k])


@numba.njit(cache=True, nogil=True)
def compare_dates(letters, ends, a, b, out):  # type: ignore[no-untyped-def]
    """Eight digits, YYYYMMDD."""
    for k in range(len(a)):
        if a[k] >= 0 and b[k] >= 0:
            out[k] = 3 if a[k] == b[k] else _dates(letters, ends, a[k], b[k])


@numba.njit(cache=True, nogil=True)
def compare_codes(letters, ends, a, b, digits_tell, out):  # type: ignore[no-untyped-def]
    for k in range(len(a)):
        if a[k] >= 0 and b[k] >= 0:
            out[k] = 2 if a[k] == b[k] else _codes(letters, ends, a[k], b[k], digits_tell)


@numba.njit(cache=True, nogil=True)
def compare_with_one(whole, letters, ends, hows, columns, sounds, place, names, out):  # type: ignore[no-untyped-def]
    """Every field of each record of a table of texts, against the last record of it.

    whole, letters: all texts, record by record and column by column, as they are and as the other kernels take them; ends: where each
    begins. hows, columns, sounds: (fields,) as in HOWS, the column compared and that of its sound, or -1. place: the columns of street,
    house number, postcode and city. names: the columns and the fields of given and family name, or -1. out: (records, fields) levels.
    """
    width = (len(ends) - 1) // (len(out) + 1)
    one = width * len(out)
    for row in range(len(out)):
        other = width * row
        for field in range(len(hows)):
            how, at = hows[field], columns[field]
            if how == PLACE:
                out[row, field] = _place_of_two(whole, letters, ends, other, one, place)
            else:
                near = sounds[field] >= 0 and _equal(whole, ends, other + sounds[field], one + sounds[field])
                out[row, field] = _level(how, whole, letters, ends, other + at, one + at, near)
        given, family, of_given, of_family = names
        if given >= 0 and out[row, of_given] == 0 and out[row, of_family] == 0:
            crossed = _equal(whole, ends, other + given, one + family) and _equal(
                whole, ends, other + family, one + given
            )
            if crossed:
                out[row, of_given] = out[row, of_family] = 2


@numba.njit(cache=True, nogil=True)
def judge_few(levels, tables, shares, by_rarity, of_namesakes, within_household, held, weight, evidence):  # type: ignore[no-untyped-def]
    """log2 odds of each pair, and the bits by which each field speaks: `judge` and `evidence` of `weights.py` for a few pairs.

    tables: (fields, levels + 1, 4) log2 chances, zeros last. shares: (4,) log2. by_rarity, of_namesakes: (fields, levels) does rarity
    decide, for namesakes as well? within_household: (fields,) does a household share it? held: (pairs, fields, 3) log2 of the chance that
    strangers, that two of one household, and that namesakes agree on this value.
    """
    prior = _either(_either(shares[1], shares[2]), shares[3])
    for pair in range(len(levels)):
        same, household, strangers, namesakes = shares
        for field in range(levels.shape[1]):
            level = levels[pair, field]
            of_same, of_household, of_strangers, of_namesake = tables[field, level]
            if level >= 0 and by_rarity[field, level]:
                of_strangers = held[pair, field, 0]
                if of_namesakes[field, level]:
                    of_namesake = held[pair, field, 2]
                if not within_household[field]:
                    of_household = held[pair, field, 1]
            same, household = same + of_same, household + of_household
            strangers, namesakes = strangers + of_strangers, namesakes + of_namesake
            against = _either(_either(of_household + shares[1], of_strangers + shares[2]), of_namesake + shares[3])
            evidence[pair, field] = of_same - (against - prior)
        weight[pair] = same - _either(_either(household, strangers), namesakes)


@numba.njit(cache=True, nogil=True)
def _either(a, b):  # type: ignore[no-untyped-def]
    """log2 of the sum of two chances, given as their log2."""
    return max(a, b) + np.log2(1.0 + 2.0 ** -abs(a - b))


@numba.njit(cache=True, nogil=True)
def _level(how, whole, letters, ends, a, b, near):  # type: ignore[no-untyped-def]
    if ends[a] == ends[a + 1] or ends[b] == ends[b + 1]:
        return -1
    same = _equal(whole, ends, a, b)
    if how == NAME:
        return 3 if same else _names(letters, ends, a, b, near)
    if how == WORDS:
        return 2 if same else _words(letters, ends, a, b, near)
    if how == DATE:
        return 3 if same else _dates(letters, ends, a, b)
    return 2 if same else _codes(letters, ends, a, b, how == MAIL)


@numba.njit(cache=True, nogil=True)
def _place_of_two(whole, letters, ends, a, b, place):  # type: ignore[no-untyped-def]
    street = _level(WORDS, whole, letters, ends, a + place[0], b + place[0], False)
    number = _level(CODE, whole, letters, ends, a + place[1], b + place[1], False)
    postcode = _level(CODE, whole, letters, ends, a + place[2], b + place[2], False)
    city = _level(WORDS, whole, letters, ends, a + place[3], b + place[3], False)
    return place_level(street, number, postcode, city)


@numba.njit(cache=True, nogil=True)
def place_level(street, number, postcode, city):  # type: ignore[no-untyped-def]
    """The most particular thing both have in common. A town or postcode that is written wrong does not take a whole address apart."""
    if street < 0 and postcode < 0 and city < 0:
        return -1
    if street >= 1 and (postcode >= 1 or city >= 1 or (postcode < 0 and city < 0)):
        return 4 if number == 2 else 3
    if postcode == 2:
        return 2
    return 1 if city >= 1 else 0


@numba.njit(cache=True, nogil=True)
def _equal(whole, ends, a, b):  # type: ignore[no-untyped-def]
    """Are both texts the same, and is there any?"""
    length = ends[a + 1] - ends[a]
    if length == 0 or length != ends[b + 1] - ends[b]:
        return False
    at = 0
    while at < length and whole[ends[a] + at] == whole[ends[b] + at]:
        at += 1
    return at == length


@numba.njit(cache=True, nogil=True)
def _names(letters, ends, a, b, near):  # type: ignore[no-untyped-def]
    """How alike two different names are: near where they sound the same."""
    first, first_end, second, second_end = ends[a], ends[a + 1], ends[b], ends[b + 1]
    short = min(first_end - first, second_end - second)
    likeness = jaro_winkler(letters, first, first_end, second, second_end)
    if near or likeness >= CLOSE:
        return 2
    if likeness >= ALIKE:
        return 1
    if short == 1 and letters[first] == letters[second]:
        return 1  # an initial
    found, words = same_words(letters, first, first_end, second, second_end)
    return 1 if found > 0 and words > 0 and short > 2 else 0


@numba.njit(cache=True, nogil=True)
def _words(letters, ends, a, b, near):  # type: ignore[no-untyped-def]
    first, first_end, second, second_end = ends[a], ends[a + 1], ends[b], ends[b + 1]
    if near or jaro_winkler(letters, first, first_end, second, second_end) >= CLOSE - 0.02:
        return 1
    found, words = same_words(letters, first, first_end, second, second_end)
    back, others = same_words(letters, second, second_end, first, first_end)
    shared = max(found, back)
    return 1 if shared > 0 and 2 * shared >= min(words, others) + 1 else 0


@numba.njit(cache=True, nogil=True)
def _dates(letters, ends, a, b):  # type: ignore[no-untyped-def]
    first, first_end, second, second_end = ends[a], ends[a + 1], ends[b], ends[b + 1]
    if one_slip_apart(letters, first, first_end, second, second_end):
        return 2
    if first_end - first != 8 or second_end - second != 8:
        return 0
    year = _same(letters, first, second, 4)
    month, day = _same(letters, first + 4, second + 4, 2), _same(letters, first + 6, second + 6, 2)
    turned = _same(letters, first + 4, second + 6, 2) and _same(letters, first + 6, second + 4, 2)
    if year and turned:
        return 2
    return 1 if year + month + day == 2 else 0


@numba.njit(cache=True, nogil=True)
def _same(letters, first, second, length):  # type: ignore[no-untyped-def]
    for k in range(length):
        if letters[first + k] != letters[second + k]:
            return 0
    return 1


@numba.njit(cache=True, nogil=True)
def _codes(letters, ends, a, b, digits_tell):  # type: ignore[no-untyped-def]
    first, first_end, second, second_end = ends[a], ends[a + 1], ends[b], ends[b + 1]
    slip = one_slip_apart(letters, first, first_end, second, second_end)
    if slip and digits_tell:
        slip = same_digits(letters, first, first_end, second, second_end)
    return 1 if slip else 0
