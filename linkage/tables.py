"""Keeping an intermediate table, on whichever engine the expression lives."""

import ibis
import ibis.expr.types as ir


def kept(table: ir.Table) -> ir.Table:
    """Compute the expression now and keep the result as a temporary table of its engine."""
    return table.get_backend().create_table(ibis.util.gen_name("linkage"), table, temp=True)


def dropped(*tables: ir.Table) -> None:
    """Give back the room of tables that `kept` made (their names are ours, never input)."""
    for table in tables:
        table.get_backend().raw_sql(f'DROP TABLE "{table.op().name}"')
