"""QGIS styles for the delivered layers: problems by priority, everything else as quiet outlines."""

from pipeline.config import DeliveredLayer

PRIORITY_COLOURS = {1: "200,30,30", 2: "235,130,0", 3: "90,90,160"}
QUIET_COLOUR = "70,110,140"


def layer_style(layer: DeliveredLayer) -> str:
    """The QML of one layer; by priority where it has a column of that field."""
    priority = next((column.name for column in layer.columns if column.field == "priority"), None)
    if priority is None:
        return _qml(
            f'<renderer-v2 type="singleSymbol"><symbols>{_symbol(layer, 0, QUIET_COLOUR)}</symbols></renderer-v2>'
        )
    categories = "".join(f'<category value="{k}" symbol="{k}" label="{k}" render="true"/>' for k in PRIORITY_COLOURS)
    symbols = "".join(_symbol(layer, k, colour) for k, colour in PRIORITY_COLOURS.items())
    return _qml(
        f'<renderer-v2 type="categorizedSymbol" attr="{priority}"><categories>{categories}</categories>'
        f"<symbols>{symbols}</symbols></renderer-v2>"
    )


def _qml(renderer: str) -> str:
    return f'<!DOCTYPE qgis PUBLIC "http://mrcc.com/qgis.dtd" "SYSTEM"><qgis version="3.22.0">{renderer}</qgis>'


def _symbol(layer: DeliveredLayer, number: int, colour: str) -> str:
    if layer.geometry == "point":
        properties = {"name": "circle", "color": f"{colour},255", "size": "3", "outline_color": "255,255,255,255"}
        kind, drawn = "marker", "SimpleMarker"
    else:
        properties = {
            "color": f"{colour},70",
            "outline_color": f"{colour},255",
            "outline_width": "0.5",
            "style": "solid",
        }
        kind, drawn = "fill", "SimpleFill"
    props = "".join(f'<prop k="{key}" v="{value}"/>' for key, value in properties.items())
    return (
        f'<symbol type="{kind}" name="{number}" alpha="1"><layer class="{drawn}" enabled="1">{props}</layer></symbol>'
    )
