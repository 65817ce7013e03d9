-- A dissector for Wireshark and tshark: frames, messages, handshake, and what open requests say. Sealed records stay sealed.
-- Made from the command table and tools/dissector/dissector.lua by `npm run docs`; a test keeps it fresh. Do not edit.
--
--     tshark -X lua_script:docs/tessera.lua -r meter.pcapng

local names = {
  command = { [8] = "status", [9] = "condition", [2] = "version", [3] = "selfTest", [4] = "certificates", [5] = "openSession", [6] = "confirmSession", [7] = "closeSession", [16] = "logIn", [17] = "logOut", [18] = "changePassword", [19] = "resetUserPassword", [24] = "initialize", [25] = "installCertificates", [26] = "register", [27] = "installRateTable", [28] = "rateTables", [29] = "licence", [34] = "registers", [42] = "refillRequest", [43] = "refillCommit", [49] = "createIndicium", [50] = "reprintIndicium", [51] = "testPrint", [52] = "resetBatch", [64] = "inspectionReport", [65] = "acknowledgeInspection", [66] = "readLog", [67] = "applyLockOrder", [68] = "challengeClock", [69] = "setClock", [96] = "updateBegin", [97] = "updateWrite", [98] = "updateFinish", [99] = "updateStatus", [104] = "installAuthorityKey", [105] = "authorityKey", [106] = "changeHostKey", [107] = "renewKeys", [108] = "installRenewedKeys", [112] = "hashContent", [113] = "postmark", [114] = "validatePostmark", [115] = "requestKey", [116] = "installKey", [117] = "userKeys", [118] = "requestRevocation", [119] = "revokeKey", [120] = "importKey", [135] = "dropKey", [80] = "withdrawalRequest", [81] = "withdrawalCommit", [82] = "withdrawalReport", [127] = "zeroize" },
  status = { [0] = "ok", [257] = "malformedRequest", [258] = "unknownCommand", [259] = "fieldOutOfRange", [513] = "wrongState", [514] = "wrongRole", [515] = "wrongLifeCycle", [516] = "sessionRequired", [517] = "sessionEnded", [518] = "authenticationFailed", [519] = "versionUnsupported", [520] = "passwordWrong", [521] = "passwordDelayed", [522] = "lockedOut", [523] = "passwordUnfit", [524] = "selfTestDelayed", [769] = "insufficientFunds", [770] = "postageBelowMinimum", [771] = "postageAboveMaximum", [772] = "refillAboveMaximum", [773] = "refillPending", [774] = "noRefillPending", [775] = "requestIdReused", [776] = "requestForgotten", [777] = "requestIdTooFar", [778] = "serviceUnknown", [779] = "postageNotRate", [780] = "amountInvalid", [781] = "spoilageAboveCap", [782] = "creditLimitReached", [783] = "confirmationNeeded", [784] = "originalUnknown", [785] = "redatedAlready", [786] = "dayLimitReached", [787] = "serviceNotLicensed", [788] = "weightInvalid", [789] = "zoneInvalid", [790] = "accountUnavailable", [791] = "refillBelowMinimum", [1025] = "documentMalformed", [1026] = "signatureInvalid", [1027] = "documentForOtherMeter", [1028] = "documentOutdated", [1029] = "documentNotValidNow", [1030] = "documentMismatch", [1031] = "keyMismatch", [1032] = "noRenewalPending", [1033] = "keyUnknown", [1034] = "keyNotFor", [1035] = "keyNotActive", [1036] = "keyExpired", [1037] = "keysFull", [1038] = "keyHeld", [1039] = "storeFull", [792] = "contentDifferent", [1216] = "authorityKeyUnannounced", [1217] = "authorityKeyOutOfTurn", [1152] = "updateUnavailable", [1153] = "imageInstalled", [1154] = "imageOutdated", [1155] = "imageTooLarge", [1156] = "imageForOtherProcessor", [1157] = "imageDamaged", [1158] = "updateNotBegun", [1159] = "updateOffsetWrong", [1160] = "slotFailed", [1281] = "clockNotTrusted", [1282] = "rateTableMissing", [1283] = "dateNotAllowed", [1284] = "certificateExpired", [1285] = "locked", [1286] = "revoked", [1287] = "inspectionOverdue", [1288] = "clockFault", [1289] = "licenceExpired", [1290] = "logFull", [1291] = "clockSetBack", [1292] = "clockDriftTooLarge", [1293] = "challengeUnknown", [3841] = "selfTestFailed", [3842] = "registersInconsistent", [3843] = "storeDamaged", [3844] = "flashFailed", [3845] = "entropyFailed", [3846] = "tampered", [3847] = "internalFault", [3848] = "imageInvalid", [3849] = "logDamaged" },
  stateNames = { [0] = "powerOff", [1] = "selfTest", [2] = "uninitialized", [3] = "keyEntry", [4] = "idle", [5] = "user", [6] = "cryptoOfficer", [7] = "error" },
  lifeCycleNames = { [0] = "blank", [1] = "keyed", [2] = "made", [3] = "registered", [4] = "zeroized", [5] = "tampered", [6] = "withdrawing", [7] = "withdrawn" },
  callerNames = { [0] = "nobody", [1] = "user", [2] = "cryptoOfficer" },
  lockNames = { [0] = "clockNotTrusted", [1] = "clockFault", [2] = "inspectionOverdue", [3] = "locked", [4] = "revoked", [5] = "licenceExpired", [6] = "logFull" },
  warningNames = { [0] = "lowFunds", [1] = "inspectionDue", [2] = "qualityPrintDue", [3] = "logAlmostFull", [4] = "refillPending", [5] = "certificateExpiring", [6] = "licenceExpiring", [7] = "rateTableExpiring" },
  lockReasonNames = { [0] = "none", [1] = "ordered", [2] = "duplicate", [3] = "registers", [4] = "silent", [5] = "stolen" },
  refillKinds = { [0] = "purchase", [1] = "spoilage", [2] = "settlement" },
  accountNames = { [0] = "postal", [1] = "certificate" },
  imagePlaceNames = { [0] = "fixed", [1] = "a", [2] = "b" },
  spareStateNames = { [0] = "none", [1] = "blank", [2] = "loading", [3] = "loaded" },
}

-- Of each service in clear: name, kind, bytes, and the names or fields of it.
local layouts = {
  status = { request = {}, response = { { "state", "name", 1, "stateNames" }, { "lifeCycle", "name", 1, "lifeCycleNames" }, { "caller", "name", 1, "callerNames" }, { "fault", "number", 2 }, { "faultDetail", "number", 2 }, { "meterId", "bytes", 8 }, { "timeMs", "number", 6 }, { "registersValid", "boolean", 1 }, { "registers", "struct", 110, { { "ascending", "number", 6 }, { "descending", "number", 6 }, { "credited", "number", 6 }, { "spoilageCredited", "number", 6 }, { "withdrawn", "number", 6 }, { "settled", "number", 6 }, { "certificateAscending", "number", 6 }, { "certificateDescending", "number", 6 }, { "certificateCredited", "number", 6 }, { "certificateWithdrawn", "number", 6 }, { "pieceCount", "number", 4 }, { "zeroPieceCount", "number", 4 }, { "certificatePieceCount", "number", 4 }, { "batchPieceCount", "number", 4 }, { "batchAmount", "number", 6 }, { "descendingMax", "number", 6 }, { "certificateDescendingMax", "number", 6 }, { "refillSequence", "number", 4 }, { "refillPending", "number", 6 }, { "refillKind", "name", 1, "refillKinds" }, { "refillAccount", "name", 1, "accountNames" }, { "requestCounter", "number", 4 } } } } },
  condition = { request = {}, response = { { "locks", "flags", 1, "lockNames" }, { "warnings", "flags", 1, "warningNames" }, { "inspectionDueMs", "number", 6 }, { "inspectionLockMs", "number", 6 }, { "qualityDueMs", "number", 6 }, { "clockSetMs", "number", 6 }, { "lockSequence", "number", 4 }, { "lockReason", "name", 1, "lockReasonNames" }, { "logCount", "number", 4 }, { "logAcknowledged", "number", 4 }, { "logFree", "number", 4 }, { "licenceSequence", "number", 4 }, { "rateVersion", "number", 4 }, { "nextRateVersion", "number", 4 } } },
  version = { request = {}, response = { { "protocolVersion", "number", 2 }, { "imageVersion", "number", 4 }, { "imageDigest", "bytes", 32 } } },
  selfTest = { request = {}, response = { { "passed", "number", 1 } } },
  certificates = { request = {}, response = { { "device", "prefixed", 2 }, { "indicium", "prefixed", 2 } } },
  openSession = { request = { { "message1", "rest", 0 } }, response = { { "message2", "rest", 0 } } },
  confirmSession = { request = { { "message3", "rest", 0 } }, response = {} },
  applyLockOrder = { request = { { "order", "rest", 0 } }, response = {} },
  challengeClock = { request = {}, response = { { "challenge", "bytes", 16 } } },
  setClock = { request = { { "setting", "rest", 0 } }, response = {} },
  updateStatus = { request = {}, response = { { "running", "name", 1, "imagePlaceNames" }, { "securityVersion", "number", 4 }, { "spare", "name", 1, "spareStateNames" }, { "spareVersion", "number", 4 } } },
  installAuthorityKey = { request = { { "certificate", "rest", 0 } }, response = {} },
  authorityKey = { request = {}, response = { { "key", "prefixed", 1 }, { "certificate", "prefixed", 2 } } },
  withdrawalReport = { request = {}, response = { { "report", "rest", 0 } } },
}

local handshake = {
  hello = { { "magic", "bytes", 5 }, { "version", "number", 1 }, { "suites", "prefixed", 1 }, { "role", "name", 1, "callerNames" }, { "clientKey", "bytes", 33 }, { "ephemeralKey", "bytes", 33 }, { "nonce", "bytes", 16 }, { "shares", "rest", 0 } },
  answer = { { "magic", "bytes", 5 }, { "version", "number", 1 }, { "suite", "number", 1 }, { "meterId", "bytes", 8 }, { "serverKey", "bytes", 33 }, { "ephemeralKey", "bytes", 33 }, { "certificate", "prefixed", 2 }, { "ciphertext", "bytes", 1088, only_suite = 2 }, { "signature", "bytes", 64 }, { "mac", "bytes", 32 } },
  confirmation = { { "magic", "bytes", 5 }, { "signature", "bytes", 64 }, { "mac", "bytes", 32 } },
}

local tessera = Proto("tessera", "Tessera meter")

-- Frames and messages (docs/link.md) -----------------------------------------------------------------------------------

local yes_no = { [0] = "no", [1] = "yes" }
local fields = {
  delimiter = ProtoField.uint8("tessera.delimiter", "Delimiter", base.HEX),
  length = ProtoField.uint16("tessera.length", "Length", base.DEC),
  encoded = ProtoField.bytes("tessera.encoded", "Encoded"),
  crc = ProtoField.uint32("tessera.crc", "CRC-32", base.HEX),
  crc_ok = ProtoField.uint8("tessera.crc_ok", "CRC is right", base.DEC, yes_no),
  noise = ProtoField.bytes("tessera.noise", "Bytes outside of frames"),
  direction = ProtoField.uint8("tessera.direction", "Direction", base.DEC, { [0] = "request", [1] = "response" }, 0x80),
  kind = ProtoField.uint8("tessera.kind", "Kind", base.DEC, { [1] = "open", [2] = "sealed", [3] = "reset" }, 0x7f),
  sequence = ProtoField.uint16("tessera.sequence", "Sequence", base.DEC),
  fragment = ProtoField.uint8("tessera.fragment", "Fragment", base.DEC),
  fragments = ProtoField.uint8("tessera.fragments", "Fragments", base.DEC),
  part = ProtoField.bytes("tessera.part", "Part of a payload"),
  record = ProtoField.bytes("tessera.record", "Sealed record"),
  reset = ProtoField.bytes("tessera.reset", "Random bytes of a reset"),
  command = ProtoField.uint8("tessera.command", "Command", base.HEX, names.command),
  status = ProtoField.uint16("tessera.status", "Status", base.HEX, names.status),
  state = ProtoField.uint8("tessera.state", "State", base.DEC, names.stateNames),
  detail = ProtoField.uint64("tessera.detail", "Detail", base.DEC),
  rest = ProtoField.bytes("tessera.rest", "Bytes that no layout tells of"),
}
local bad_frame = ProtoExpert.new("tessera.bad_frame", "No frame", expert.group.MALFORMED, expert.severity.ERROR)
local bad_crc = ProtoExpert.new("tessera.bad_crc", "Wrong check sum", expert.group.CHECKSUM, expert.severity.ERROR)
local bad_layout = ProtoExpert.new("tessera.bad_layout", "Not the layout", expert.group.MALFORMED, expert.severity.ERROR)
tessera.experts = { bad_frame, bad_crc, bad_layout }

local all_fields = {}
for _, field in pairs(fields) do table.insert(all_fields, field) end

-- Fields of the layouts -----------------------------------------------------------------------------------------------

local integers = { [1] = ProtoField.uint8, [2] = ProtoField.uint16, [3] = ProtoField.uint24, [4] = ProtoField.uint32 }

local function field_of(filter, layout_field)
  local name, kind, size, list = layout_field[1], layout_field[2], layout_field[3], layout_field[4]
  if kind == "number" then return (integers[size] or ProtoField.uint64)(filter, name, base.DEC) end
  if kind == "boolean" then return ProtoField.uint8(filter, name, base.DEC, yes_no) end
  if kind == "name" then return ProtoField.uint8(filter, name, base.DEC, names[list]) end
  if kind == "flags" then return ProtoField.uint8(filter, name, base.HEX) end
  if kind == "struct" then return ProtoField.none(filter, name) end
  return ProtoField.bytes(filter, name)
end

local function declare(prefix, layout)
  for _, layout_field in ipairs(layout) do
    local filter = prefix .. "." .. layout_field[1]
    layout_field.field = field_of(filter, layout_field)
    table.insert(all_fields, layout_field.field)
    if layout_field[2] == "struct" then declare(filter, layout_field[4]) end
  end
end
for name, sides in pairs(layouts) do
  for side, layout in pairs(sides) do declare("tessera." .. name .. "." .. side, layout) end
end
for name, layout in pairs(handshake) do declare("tessera." .. name, layout) end
tessera.fields = all_fields

-- Where a field has the bytes of another layout.
local nested = { message1 = handshake.hello, message2 = handshake.answer, message3 = handshake.confirmation }

local function set_names(value, list)
  local found = {}
  for bit = 0, 7 do
    if math.floor(value / 2 ^ bit) % 2 == 1 then table.insert(found, names[list][bit] or ("bit " .. bit)) end
  end
  return #found == 0 and "none" or table.concat(found, ", ")
end

-- Adds the fields of a layout; returns the offset behind them, nil where the bytes end before.
local function add_layout(tree, tvb, offset, layout)
  for _, layout_field in ipairs(layout) do
    local name, kind, size, more = layout_field[1], layout_field[2], layout_field[3], layout_field[4]
    if layout_field.only_suite and layout_field.only_suite ~= layout.suite then size = 0 end
    if kind == "rest" then size = tvb:len() - offset end
    if kind == "prefixed" then
      if offset + size > tvb:len() then return nil end
      local length = tvb(offset, size):le_uint()
      offset, size = offset + size, length
    end
    if offset + size > tvb:len() then return nil end
    if kind == "struct" then
      local inner = tree:add(layout_field.field, tvb(offset, size))
      offset = add_layout(inner, tvb, offset, more)
      if offset == nil then return nil end
    elseif size > 0 then
      local range = tvb(offset, size)
      local item = tree:add_le(layout_field.field, range)
      if kind == "flags" then item:append_text(" (" .. set_names(range:uint(), more) .. ")") end
      if name == "suite" then layout.suite = range:uint() end
      if nested[name] and kind == "rest" then
        local behind = add_layout(item, tvb, offset, nested[name])
        if behind ~= tvb:len() then item:add_proto_expert_info(bad_layout) end
      end
      offset = offset + size
    end
  end
  return offset
end

-- Encoding of frames --------------------------------------------------------------------------------------------------

local xor = (bit32 and bit32.bxor) or (bit and bit.bxor) or load("return function(a, b) return a ~ b end")()
local function xor32(a, b) return xor(a, b) % 0x100000000 end

local crc_table = {}
for byte = 0, 255 do
  local value = byte
  for _ = 1, 8 do
    local half = math.floor(value / 2)
    value = value % 2 == 1 and xor32(half, 0xedb88320) or half
  end
  crc_table[byte] = value
end

local function crc32(bytes, size)
  local crc = 0xffffffff
  for place = 1, size do crc = xor32(crc_table[xor32(crc % 256, bytes[place])], math.floor(crc / 256)) end
  return xor32(crc, 0xffffffff)
end

-- COBS, each byte XOR AA, and a pad where the length would hold AA; nil where it is no such thing.
local function decoded(range)
  local raw = range:bytes()
  local size = raw:len()
  local data, code, at = {}, 0, 0
  local is_padded = (size - 1) % 256 == 0xaa
  while at < size do
    local before = code
    code = xor32(raw:get_index(at), 0xaa)
    at = at + 1
    if code == 0 then return nil end
    if at == size and is_padded and code == 0xff and before ~= 0 then break end
    if at + code - 1 > size then return nil end
    if before ~= 0 and before ~= 0xff then table.insert(data, 0) end
    for _ = 2, code do
      table.insert(data, xor32(raw:get_index(at), 0xaa))
      at = at + 1
    end
  end
  if #data < 5 then return nil end
  return data
end

local function byte_array(bytes, first, last)
  local array = ByteArray.new()
  array:set_size(last - first + 1)
  for place = first, last do array:set_index(place - first, bytes[place]) end
  return array
end

-- Messages of several frames ------------------------------------------------------------------------------------------

local interface_id = Field.new("frame.interface_id")
-- By line and direction: the message that has begun. By packet: the payload that became whole there.
local begun, wholes = {}, {}
function tessera.init()
  begun, wholes = {}, {}
end

local function whole_payload(pinfo, head, part)
  if head.fragments == 1 then return part end
  if pinfo.visited then return wholes[pinfo.number] end
  local place = interface_id()
  local line = tostring(place and place.value) .. (head.is_response and "<" or ">")
  local message = begun[line]
  if head.fragment == 0 then
    message = { sequence = head.sequence, kind = head.kind, next = 0, parts = ByteArray.new() }
    begun[line] = message
  end
  local is_next = message and message.sequence == head.sequence and message.kind == head.kind and message.next == head.fragment
  if not is_next then
    begun[line] = nil
    return nil
  end
  message.parts:append(part)
  message.next = message.next + 1
  if message.next < head.fragments then return nil end
  begun[line] = nil
  wholes[pinfo.number] = message.parts
  return message.parts
end

-- Requests and responses (docs/commands.md) ---------------------------------------------------------------------------

local function name_in(list, value) return list[value] or tostring(value) end

local function add_behind(tree, tvb, offset, layout)
  local behind = layout and add_layout(tree, tvb, offset, layout)
  if behind == nil and layout then tree:add_proto_expert_info(bad_layout) end
  if behind == nil then behind = offset end
  if behind < tvb:len() then tree:add(fields.rest, tvb(behind)) end
end

local function add_request(tree, tvb)
  if tvb:len() < 1 then return "empty" end
  local name = name_in(names.command, tvb(0, 1):uint())
  tree:add(fields.command, tvb(0, 1))
  add_behind(tree, tvb, 1, layouts[name] and layouts[name].request)
  return name
end

local function add_response(tree, tvb)
  if tvb:len() < 4 then return "short" end
  local name = name_in(names.command, tvb(0, 1):uint())
  local status = tvb(1, 2):le_uint()
  tree:add(fields.command, tvb(0, 1))
  tree:add_le(fields.status, tvb(1, 2))
  tree:add(fields.state, tvb(3, 1))
  if status == 0 then
    add_behind(tree, tvb, 4, layouts[name] and layouts[name].response)
  elseif tvb:len() == 10 then
    tree:add_le(fields.detail, tvb(4, 6))
  end
  return name .. " " .. name_in(names.status, status) .. " " .. name_in(names.stateNames, tvb(3, 1):uint())
end

local function add_payload(tree, head, array)
  if array:len() == 0 then return "empty" end
  local tvb = array:tvb("Payload")
  if head.kind == 2 then
    tree:add(fields.record, tvb())
    return array:len() .. " bytes"
  end
  if head.kind == 3 then
    tree:add(fields.reset, tvb())
    return ""
  end
  return head.is_response and add_response(tree, tvb) or add_request(tree, tvb)
end

local kinds = { [1] = "open", [2] = "sealed", [3] = "reset" }

local function add_message(tree, pinfo, tvb)
  if tvb:len() < 5 then
    tree:add_proto_expert_info(bad_frame)
    return "no message"
  end
  local code = tvb(0, 1):uint()
  local head = {
    is_response = code >= 128,
    kind = code % 128,
    sequence = tvb(1, 2):le_uint(),
    fragment = tvb(3, 1):uint(),
    fragments = tvb(4, 1):uint(),
  }
  tree:add(fields.direction, tvb(0, 1))
  tree:add(fields.kind, tvb(0, 1))
  tree:add_le(fields.sequence, tvb(1, 2))
  tree:add(fields.fragment, tvb(3, 1))
  tree:add(fields.fragments, tvb(4, 1))
  local part = tvb:len() > 5 and tvb(5):bytes() or ByteArray.new()
  if head.fragments > 1 then tree:add(fields.part, tvb(5)) end
  local text = (kinds[head.kind] or head.kind) .. (head.is_response and " response " or " request ") .. head.sequence
  local payload = whole_payload(pinfo, head, part)
  if payload == nil then return text .. ": fragment " .. (head.fragment + 1) .. " of " .. head.fragments end
  local said = add_payload(tree, head, payload)
  return said == "" and text or (text .. ": " .. said)
end

function tessera.dissector(tvb, pinfo, root)
  pinfo.cols.protocol = "Tessera"
  local tree = root:add(tessera, tvb())
  if tvb:len() < 3 or tvb(0, 1):uint() ~= 0xaa then
    tree:add(fields.noise, tvb())
    pinfo.cols.info = tvb:len() .. " bytes outside of frames"
    return
  end
  tree:add(fields.delimiter, tvb(0, 1))
  tree:add_le(fields.length, tvb(1, 2))
  local size = tvb(1, 2):le_uint()
  local data = tvb:len() == 3 + size and size > 0 and decoded(tvb(3)) or nil
  if tvb:len() > 3 then tree:add(fields.encoded, tvb(3)) end
  if data == nil then
    tree:add_proto_expert_info(bad_frame)
    pinfo.cols.info = "no frame"
    return
  end
  local body = byte_array(data, 1, #data - 4):tvb("Frame body")
  local crc = data[#data - 3] + 0x100 * data[#data - 2] + 0x10000 * data[#data - 1] + 0x1000000 * data[#data]
  local is_right = crc == crc32(data, #data - 4)
  tree:add(fields.crc, crc):set_generated()
  tree:add(fields.crc_ok, is_right and 1 or 0):set_generated()
  if not is_right then
    tree:add_proto_expert_info(bad_crc)
    pinfo.cols.info = "wrong check sum"
    return
  end
  pinfo.cols.info = add_message(tree, pinfo, body)
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, tessera)
