"""Public data for the tests of the value laws, read once."""

import numpy as np
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import pytest

from tests.differentiate.pure.buyers import added_up, days_of, histories, public


@pytest.fixture(scope="session")
def cdnow():
    """2,357 customers watched for 39 weeks."""
    table = pyarrow.csv.read_csv(public("cdnow_customers_summary.csv.gz"))
    weeks = {name: np.rint(table[name].to_numpy() * 7).astype(np.int64) for name in ("recency", "T")}
    return histories(table["frequency"].to_numpy(), weeks["recency"], weeks["T"])


@pytest.fixture(scope="session")
def cdnow_days():
    """One row per customer and day of the whole 78 weeks: customer, day, amount."""
    table = pyarrow.parquet.read_table(public("cdnow_sample.parquet"))
    return added_up(table["sample_id"].to_numpy(), days_of(table["date"]), table["amount"].to_numpy())


@pytest.fixture(scope="session")
def online_retail():
    """All lines with a customer: customer, day, amount, product, quantity, is_return."""
    columns = ["InvoiceNo", "InvoiceDate", "CustomerID", "StockCode", "Quantity", "UnitPrice"]
    table = pyarrow.parquet.read_table(public("online_retail.parquet"), columns=columns)
    table = table.filter(pc.is_valid(table["CustomerID"]))
    quantity = table["Quantity"].to_numpy().astype(np.float64)
    return {
        "customer": table["CustomerID"].to_numpy().astype(np.int64),
        "day": days_of(table["InvoiceDate"]),
        "amount": quantity * table["UnitPrice"].to_numpy(),
        "product": table["StockCode"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64),
        "quantity": quantity,
        "is_return": pc.starts_with(table["InvoiceNo"], "C").to_numpy(zero_copy_only=False).astype(bool),
    }


@pytest.fixture(scope="session")
def cdnow_all_days():
    """The whole cohort of 23,570, as `cdnow_days`."""
    table = pyarrow.parquet.read_table(public("cdnow_master.parquet"))
    return added_up(
        table["customer_id"].to_numpy().astype(np.int64), days_of(table["date"]), table["amount"].to_numpy()
    )


@pytest.fixture(scope="session")
def grocery_days():
    """1,525 customers over two years: customer, day, an amount of 1."""
    table = pyarrow.parquet.read_table(public("grocery_elog.parquet"))
    customer = table["cust"].to_pylist()
    numbers = np.unique(np.array(customer), return_inverse=True)[1]
    days = np.array(table["date"].to_pylist(), "datetime64[D]").astype(np.int64)
    return added_up(numbers.astype(np.int64), days, np.ones(len(days)))
