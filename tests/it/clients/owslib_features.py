"""OWSLib walks the features of a server: owslib_features.py BASE"""

import sys

from owslib.ogcapi.features import Features

server = Features(sys.argv[1])
assert {"self", "service-desc", "conformance", "data"} <= {link["rel"] for link in server.links}
assert server.api()["openapi"].startswith("3.0")
assert any(one.endswith("/conf/core") for one in server.conformance()["conformsTo"])
names = server.feature_collections()
assert "parcel" in names and len(names) == len(server.collections()["collections"])

parcels = server.collection("parcel")
assert parcels["id"] == "parcel" and parcels["itemType"] == "feature"
whole = server.collection_items("parcel", limit=100)
assert whole["numberMatched"] == whole["numberReturned"] == len(whole["features"]) == 6

few = server.collection_items("parcel", bbox=[49.105, 55.798, 49.109, 55.801])
assert few["numberMatched"] == 4, few["numberMatched"]
named = server.collection_items("parcel", cadastral_number="16:50:000001:2")
assert named["numberMatched"] == 1

first = server.collection_items("parcel", limit=2)
assert first["numberReturned"] == 2
seen = []
page, offset = first, 0
while page["features"]:
    seen += [feature["id"] for feature in page["features"]]
    offset += 2
    page = server.collection_items("parcel", limit=2, offset=offset)
assert seen == [feature["id"] for feature in whole["features"]], seen

one = server.collection_item("parcel", str(seen[0]))
assert one["properties"] == whole["features"][0]["properties"]
try:
    server.collection_item("parcel", "987654321")
except RuntimeError:
    pass
else:
    raise AssertionError("a feature that is not there is given")
print("ok")
