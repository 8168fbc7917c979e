"""Pages of the reference that are generated from the code when the documentation is built, so that they cannot go
stale.

Each module makes the Markdown of one part. `GENERATED` has the parts under the names that pages mark them with:
``<!-- generated: views -->``.
"""

from from_code.command_line import command_line_page
from from_code.exit_codes import codes_table, statuses_table, verbs_table
from from_code.floors import floors_picture, floors_table
from from_code.formats import formats_table
from from_code.python_names import names_page
from from_code.views import tables_page, views_page

__all__ = ["GENERATED"]

GENERATED = {
    "command-line": command_line_page,
    "views": views_page,
    "tables": tables_page,
    "python": names_page,
    "floors-picture": floors_picture,
    "floors-table": floors_table,
    "formats": formats_table,
    "exit-codes": codes_table,
    "exit-codes-of-statuses": statuses_table,
    "exit-codes-of-verbs": verbs_table,
}
