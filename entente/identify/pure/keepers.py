"""Records were put together anew: which customer does each of them belong to now? As few as possible change theirs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
NOBODY = -1


def keepers(together: Ints, customer: Ints, *, is_first: Flags, is_dear: Flags) -> Ints:
    """(n,) the customer each record belongs to from now on, NOBODY where none is left for it.

    together: (n,) the cluster of each record; customer: (n,) whom it belongs to so far; is_first: (n,) it is the record that customer
    began with; is_dear: (n,) somebody looks after that customer. A customer goes on with the cluster that holds most of its records (of
    as many: the one with its first record), so that it is never two. Where several go on with one cluster, the one that is dear is
    kept, then the one of most records, then the oldest.
    """
    if not len(together):
        return np.zeros(0, np.int64)
    pair = np.empty(len(together), [("together", np.int64), ("customer", np.int64)])
    pair["together"], pair["customer"] = together, customer
    each, of, records = np.unique(pair, return_inverse=True, return_counts=True)
    begun, dear = (np.bincount(of, flag) > 0 for flag in (is_first, is_dear))
    # Each customer's cluster: the first of its rows in this order.
    order = np.lexsort((each["together"], ~begun, -records, each["customer"]))
    claims = order[_first_of_each(each["customer"][order])]
    # Each cluster's customer, among those that claim it.
    order = claims[np.lexsort((each["customer"][claims], -records[claims], ~dear[claims], each["together"][claims]))]
    kept = order[_first_of_each(each["together"][order])]
    cluster, place = np.unique(together, return_inverse=True)
    of_cluster = np.full(len(cluster), NOBODY, np.int64)
    of_cluster[np.searchsorted(cluster, each["together"][kept])] = each["customer"][kept]
    out: Ints = of_cluster[place]
    return out


def _first_of_each(ordered: Ints) -> Flags:
    return np.append(True, ordered[1:] != ordered[:-1])
