"""GDAL of the pyogrio wheel: gdal.py BASE

The counts are those of the test's own office: six parcels, two of them without geometry.
"""

import struct
import sys

import pyogrio
from pyogrio.raw import read

# GDAL takes a text like 16:50:000001:1 for a time of day unless it is told not to.
pyogrio.set_gdal_config_options({"OGR_GEOJSON_DATE_AS_STRING": "YES"})
base = sys.argv[1]
source = "OAPIF:" + base
OPENGIS = "http://www.opengis.net/def/crs/"
CRS84 = OPENGIS + "OGC/1.3/CRS84"
# This GDAL asks for the system that the layers are kept in, and boxes are in that system. It does not look up
# systems outside OGC's register, so the layer has coordinates of the city's system and no name of it.
NEAR = (1304600, 476800, 1304800, 477000)
NEAR_CRS84 = (49.105, 55.798, 49.109, 55.801)

layers = {name: kind for name, kind in pyogrio.list_layers(source)}
assert {"parcel", "address_point", "red_line"} <= set(layers), layers

about = pyogrio.read_info(source, layer="parcel", force_feature_count=True)
assert about["features"] == 6, about
assert "cadastral_number" in about["fields"], about


def numbers(**asked):
    meta, ids, geometry, columns = read(source, layer="parcel", return_fids=True, **asked)
    values = columns[list(meta["fields"]).index("cadastral_number")]
    return meta, list(values), geometry


_, all_of_them, shapes = numbers()
assert len(all_of_them) == len(set(all_of_them)) == 6, all_of_them
assert sum(shape is None for shape in shapes) == 2
for size in (1, 2, 4):
    _, paged, _ = numbers(PAGE_SIZE=size)
    assert paged == all_of_them, (size, paged)
_, near, _ = numbers(bbox=NEAR)
assert near == ["16:50:000001:1", "16:50:000001:2"], near
_, near, _ = numbers(bbox=NEAR_CRS84, CRS=CRS84)
assert near == ["16:50:000001:1", "16:50:000001:2"], near
_, named, _ = numbers(where="cadastral_number = '16:50:000001:2'")
assert named == ["16:50:000001:2"], named

# A whole copy: every point of the layer in the city's own system, to the millimetre.
_, _, shapes, _ = read(source, layer="address_point")
points = [struct.unpack_from("<dd", shape, 5) for shape in shapes]
assert points == [(1304705, 476905), (1305705, 477905)], points


def place(crs):
    _, _, shapes, _ = read(source, layer="address_point", CRS=crs)
    return struct.unpack_from("<dd", shapes[0], 5)


# The same place in the other systems that GDAL can be told to ask for; it turns latitude first round.
named = numbers(CRS=CRS84)[0]["crs"]
assert "CRS84" in named or "WGS 84" in named or "4326" in named, named
lng, lat = place(CRS84)
assert abs(lng - 49.1067) < 1e-3 and abs(lat - 55.7994) < 1e-3, (lng, lat)
assert place(OPENGIS + "EPSG/0/4326") == (lng, lat)
x, y = place(OPENGIS + "EPSG/0/3857")
assert abs(x - lng * 111319.490793) < 0.1, (x, y)
print("ok")
