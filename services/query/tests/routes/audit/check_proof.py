"""Checks a proof as the documentation of ddb_core::chain::proof says. Usage: check_proof.py NOTED_HASH < proof.json"""
import hashlib, hmac, json, sys

def H(*parts): return hashlib.sha512(b"".join(parts)).digest()
def mac(salt, *parts): return hmac.new(salt, b"".join(parts), hashlib.sha512).digest()
def int8(number): return number.to_bytes(8, "big", signed=True)
def part(data): return len(data).to_bytes(4, "big") + data
def name(salt, data): return mac(salt, b"\x03", data)
hexa = bytes.fromhex

def canonical_id(record):
    table, key = record.split(":", 1)
    key = b"\x04" + int8(int(key)) if key.lstrip("-").isdigit() else b"\x07" + part(key.encode())
    return b"\x01\x11" + part(table.encode()) + key

def split(count): return 1 << (count - 1).bit_length() - 1

def root(leaf, index, count, path):
    if count == 1:
        assert not path
        return leaf
    left = split(count)
    if index < left:
        return H(b"\x01", root(leaf, index, left, path[:-1]), path[-1])
    return H(b"\x01", path[-1], root(leaf, index - left, count - left, path[:-1]))

def transaction(link, namespace, previous):
    return H(b"\x02", int8(link["version"]), part(namespace), int8(link["tx"]), part(previous), int8(link["time"]),
             part(hexa(link["actor"])), int8(link["leaf_count"]), part(hexa(link["root"])))

proof = json.load(sys.stdin)
assert proof["format"] == "ddb-proof-1"
own, entity, actor = proof["transaction"], proof["entity"], proof["actor"]
assert hexa(entity["name"]) == canonical_id(proof["record"])
entity_name = name(hexa(entity["salt"]), hexa(entity["name"]))
if actor:
    assert hexa(actor["name"]) == canonical_id(actor["record"]) and actor["record"].startswith("user:")
    assert hexa(own["actor"]) == name(hexa(actor["salt"]), hexa(actor["name"]))
else:
    assert hexa(own["actor"]) == bytes(64)
assert proof["facts"] and len({fact["position"] for fact in proof["facts"]}) == len(proof["facts"])
for fact in proof["facts"]:
    assert fact["table"] in ("", proof["record"].split(":", 1)[0]) and (fact["table"] == "") == fact["field"].startswith("$")
    attribute = name(hexa(fact["field_salt"]), part(fact["table"].encode()) + part(fact["field"].encode()))
    commitment = mac(hexa(fact["salt"]), hexa(fact["value"])) if fact["asserted"] else bytes(64)
    leaf = H(b"\x00", int8(own["version"]), int8(fact["position"]), part(entity_name), part(attribute),
             int8(int(fact["asserted"])), part(commitment))
    assert 0 <= fact["position"] < own["leaf_count"]
    assert root(leaf, fact["position"], own["leaf_count"], [hexa(step) for step in fact["path"]]) == hexa(own["root"])
namespace = hexa(own["namespace"].replace("-", ""))
hashes, tx = [transaction(own, namespace, hexa(own["previous"]))], own["tx"]
assert hashes[0] == hexa(own["hash"])
for link in proof["links"]:
    tx += 1
    assert link["tx"] == tx
    hashes.append(transaction(link, namespace, hashes[-1]))
assert proof["head"] == {"tx": tx, "hash": hashes[-1].hex()} and sys.argv[1] in [hash.hex() for hash in hashes]
