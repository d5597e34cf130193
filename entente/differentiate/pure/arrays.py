"""The column types of the laws: one-dimensional NumPy arrays, one entry per customer, line or group."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Indexes = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
