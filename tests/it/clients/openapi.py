"""openapi-spec-validator on the API definition: openapi.py BASE"""

import json
import sys
import urllib.request

from openapi_spec_validator import OpenAPIV30SpecValidator

with urllib.request.urlopen(sys.argv[1] + "/api") as answer:
    document = json.load(answer)
faults = list(OpenAPIV30SpecValidator(document).iter_errors())
for fault in faults:
    print("/".join(map(str, fault.absolute_path)), fault.message[:500])
print(len(document["paths"]), "paths")
sys.exit(bool(faults))
