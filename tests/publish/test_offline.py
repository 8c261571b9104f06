"""A page in one file: what people wrote stands in it as they wrote it."""

import json
import re

from pipeline.publish.offline import map_page


def test_braces_in_a_name_are_text_and_no_template():
    name = "{{ 6 * 7 }} {# note #} {% raw %}"
    page = map_page(f"title {name}", "en", f"<p>body {name}</p>", {"centre": [41.6, 120.4], "name": name})
    assert f"<title>title {name}</title>" in page
    assert f"<p>body {name}</p>" in page
    (data,) = re.findall(r'<script id="field-data" type="application/json">(.*?)</script>', page)
    assert json.loads(data)["name"] == name
