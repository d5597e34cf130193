"""Compiled loops over letters: likeness of texts, and the levels of many pairs at once.

All in one file: what is compiled and kept does not notice when a loop it calls changes in another one.
"""

import numba
import numpy as np

CLOSE, ALIKE = 0.92, 0.84  # likeness of names from which on they are close, or alike
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
        if a[k] < 0 or b[k] < 0:
            continue
        if a[k] == b[k]:
            out[k] = 3
            continue
        first, first_end, second, second_end = ends[a[k]], ends[a[k] + 1], ends[b[k]], ends[b[k] + 1]
        short = min(first_end - first, second_end - second)
        likeness = jaro_winkler(letters, first, first_end, second, second_end)
        if near[k] or likeness >= CLOSE:
            out[k] = 2
        elif likeness >= ALIKE:
            out[k] = 1
        elif short == 1 and letters[first] == letters[second]:
            out[k] = 1  # an initial
        else:
            found, words = same_words(letters, first, first_end, second, second_end)
            out[k] = 1 if found > 0 and words > 0 and short > 2 else 0


@numba.njit(cache=True, nogil=True)
def compare_words(letters, ends, a, b, near, out):  # type: ignore[no-untyped-def]
    for k in range(len(a)):
        if a[k] < 0 or b[k] < 0:
            continue
        if a[k] == b[k]:
            out[k] = 2
            continue
        first, first_end, second, second_end = ends[a[k]], ends[a[k] + 1], ends[b[k]], ends[b[k] + 1]
        if near[k] or jaro_winkler(letters, first, first_end, second, second_end) >= CLOSE - 0.02:
            out[k] = 1
            continue
        found, words = same_words(letters, first, first_end, second, second_end)
        back, others = same_words(letters, second, second_end, first, first_end)
        shared = max(found, back)
        out[k] = 1 if shared > 0 and 2 * shared >= min(words, others) + 1 else 0


@numba.njit(cache=True, nogil=True)
def compare_dates(letters, ends, a, b, out):  # type: ignore[no-untyped-def]
    """Eight digits, YYYYMMDD."""
    for k in range(len(a)):
        if a[k] < 0 or b[k] < 0:
            continue
        if a[k] == b[k]:
            out[k] = 3
            continue
        first, first_end, second, second_end = ends[a[k]], ends[a[k] + 1], ends[b[k]], ends[b[k] + 1]
        if one_slip_apart(letters, first, first_end, second, second_end):
            out[k] = 2
            continue
        if first_end - first != 8 or second_end - second != 8:
            out[k] = 0
            continue
        year = _same(letters, first, second, 4)
        month, day = _same(letters, first + 4, second + 4, 2), _same(letters, first + 6, second + 6, 2)
        turned = _same(letters, first + 4, second + 6, 2) and _same(letters, first + 6, second + 4, 2)
        if year and turned:
            out[k] = 2
        else:
            out[k] = 1 if year + month + day == 2 else 0


@numba.njit(cache=True, nogil=True)
def _same(letters, first, second, length):  # type: ignore[no-untyped-def]
    for k in range(length):
        if letters[first + k] != letters[second + k]:
            return 0
    return 1


@numba.njit(cache=True, nogil=True)
def compare_codes(letters, ends, a, b, digits_tell, out):  # type: ignore[no-untyped-def]
    for k in range(len(a)):
        if a[k] < 0 or b[k] < 0:
            continue
        if a[k] == b[k]:
            out[k] = 2
        else:
            first, first_end, second, second_end = ends[a[k]], ends[a[k] + 1], ends[b[k]], ends[b[k] + 1]
            slip = one_slip_apart(letters, first, first_end, second, second_end)
            if slip and digits_tell:
                slip = same_digits(letters, first, first_end, second, second_end)
            out[k] = 1 if slip else 0
