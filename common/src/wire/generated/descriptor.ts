// Generated from proto/ by npm run generate.

/** All packages in the form of protobufjs, with the names that proto/ has. */
export const DESCRIPTOR: { readonly nested: object } = {
 "nested": {
  "couchestor": {
   "nested": {
    "agent": {
     "nested": {
      "v1": {
       "nested": {
        "CommandContext": {
         "fields": {
          "epoch": {
           "type": "uint64",
           "id": 1
          },
          "operation_id": {
           "type": "string",
           "id": 2
          }
         }
        },
        "StripeVoid": {
         "fields": {
          "current_epoch": {
           "type": "uint64",
           "id": 1
          }
         }
        },
        "AbandonedByOwner": {
         "fields": {
          "owner": {
           "type": "string",
           "id": 1
          },
          "epoch": {
           "type": "uint64",
           "id": 2
          }
         }
        },
        "StripeRetired": {
         "fields": {
          "checkpoint_seq": {
           "type": "uint64",
           "id": 1
          },
          "covers_seq": {
           "type": "uint64",
           "id": 2
          },
          "seq": {
           "type": "uint64",
           "id": 3
          }
         }
        },
        "VerifiedShard": {
         "fields": {
          "index": {
           "type": "uint32",
           "id": 1
          },
          "placement": {
           "type": "uint32",
           "id": 2
          },
          "checksum": {
           "type": "uint32",
           "id": 3
          },
          "verified_at_ms": {
           "type": "uint64",
           "id": 4
          }
         }
        },
        "Replaced": {
         "fields": {
          "listed_placement": {
           "type": "uint32",
           "id": 1
          },
          "verified": {
           "rule": "repeated",
           "type": "VerifiedShard",
           "id": 2
          }
         }
        },
        "DeletionProof": {
         "oneofs": {
          "proof": {
           "oneof": [
            "stripe_void",
            "abandoned_by_owner",
            "stripe_retired",
            "replaced"
           ]
          }
         },
         "fields": {
          "observed_at_ms": {
           "type": "uint64",
           "id": 1
          },
          "resource_version": {
           "type": "string",
           "id": 2
          },
          "stripe_void": {
           "type": "StripeVoid",
           "id": 3
          },
          "abandoned_by_owner": {
           "type": "AbandonedByOwner",
           "id": 4
          },
          "stripe_retired": {
           "type": "StripeRetired",
           "id": 5
          },
          "replaced": {
           "type": "Replaced",
           "id": 6
          }
         }
        },
        "Tier": {
         "values": {
          "TIER_UNSPECIFIED": 0,
          "TIER_HOT": 1,
          "TIER_WARM": 2,
          "TIER_COLD": 3
         }
        },
        "Media": {
         "values": {
          "MEDIA_UNSPECIFIED": 0,
          "MEDIA_SSD": 1,
          "MEDIA_HDD": 2,
          "MEDIA_ZNS": 3,
          "MEDIA_SMR": 4,
          "MEDIA_OPTICAL": 5
         }
        },
        "DeviceHealth": {
         "values": {
          "DEVICE_HEALTH_UNSPECIFIED": 0,
          "DEVICE_HEALTH_HEALTHY": 1,
          "DEVICE_HEALTH_DEGRADED": 2,
          "DEVICE_HEALTH_UNHEALTHY": 3
         }
        },
        "Device": {
         "oneofs": {
          "_model": {
           "oneof": [
            "model"
           ]
          },
          "_serial": {
           "oneof": [
            "serial"
           ]
          },
          "_wwn": {
           "oneof": [
            "wwn"
           ]
          },
          "_size_bytes": {
           "oneof": [
            "size_bytes"
           ]
          },
          "_logical_block_bytes": {
           "oneof": [
            "logical_block_bytes"
           ]
          },
          "_rotational": {
           "oneof": [
            "rotational"
           ]
          },
          "_in_use_reason": {
           "oneof": [
            "in_use_reason"
           ]
          },
          "_not_offerable_reason": {
           "oneof": [
            "not_offerable_reason"
           ]
          }
         },
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          },
          "id_stable": {
           "type": "bool",
           "id": 2
          },
          "kernel_name": {
           "type": "string",
           "id": 3
          },
          "transport": {
           "type": "string",
           "id": 4
          },
          "media": {
           "type": "Media",
           "id": 5
          },
          "tier": {
           "type": "Tier",
           "id": 6
          },
          "model": {
           "type": "string",
           "id": 7,
           "options": {
            "proto3_optional": true
           }
          },
          "serial": {
           "type": "string",
           "id": 8,
           "options": {
            "proto3_optional": true
           }
          },
          "wwn": {
           "type": "string",
           "id": 9,
           "options": {
            "proto3_optional": true
           }
          },
          "size_bytes": {
           "type": "uint64",
           "id": 10,
           "options": {
            "proto3_optional": true
           }
          },
          "logical_block_bytes": {
           "type": "uint32",
           "id": 11,
           "options": {
            "proto3_optional": true
           }
          },
          "rotational": {
           "type": "bool",
           "id": 12,
           "options": {
            "proto3_optional": true
           }
          },
          "health": {
           "type": "DeviceHealth",
           "id": 13
          },
          "health_reason": {
           "type": "string",
           "id": 14
          },
          "in_use": {
           "type": "bool",
           "id": 15
          },
          "in_use_reason": {
           "type": "string",
           "id": 16,
           "options": {
            "proto3_optional": true
           }
          },
          "offerable": {
           "type": "bool",
           "id": 17
          },
          "not_offerable_reason": {
           "type": "string",
           "id": 18,
           "options": {
            "proto3_optional": true
           }
          },
          "paths": {
           "rule": "repeated",
           "type": "string",
           "id": 19
          }
         }
        },
        "ListDevicesRequest": {
         "fields": {}
        },
        "ListDevicesResponse": {
         "fields": {
          "devices": {
           "rule": "repeated",
           "type": "Device",
           "id": 1
          }
         }
        },
        "GetDeviceRequest": {
         "fields": {
          "id": {
           "type": "string",
           "id": 1
          }
         }
        },
        "GetDeviceResponse": {
         "fields": {
          "device": {
           "type": "Device",
           "id": 1
          }
         }
        },
        "HardwareService": {
         "methods": {
          "ListDevices": {
           "requestType": "ListDevicesRequest",
           "responseType": "ListDevicesResponse"
          },
          "GetDevice": {
           "requestType": "GetDeviceRequest",
           "responseType": "GetDeviceResponse"
          }
         }
        },
        "PoolState": {
         "values": {
          "POOL_STATE_UNSPECIFIED": 0,
          "POOL_STATE_ONLINE": 1,
          "POOL_STATE_DEGRADED": 2,
          "POOL_STATE_READ_ONLY": 3,
          "POOL_STATE_FAULTED": 4
         }
        },
        "PoolReason": {
         "fields": {
          "cause": {
           "type": "string",
           "id": 1
          },
          "detail": {
           "type": "string",
           "id": 2
          },
          "since_ms": {
           "type": "uint64",
           "id": 3
          }
         }
        },
        "Pool": {
         "fields": {
          "uuid": {
           "type": "string",
           "id": 1
          },
          "path": {
           "type": "string",
           "id": 2
          },
          "tier": {
           "type": "Tier",
           "id": 3
          },
          "state": {
           "type": "PoolState",
           "id": 4
          },
          "reasons": {
           "rule": "repeated",
           "type": "PoolReason",
           "id": 5
          },
          "total_bytes": {
           "type": "uint64",
           "id": 6
          },
          "used_bytes": {
           "type": "uint64",
           "id": 7
          },
          "free_for_data_bytes": {
           "type": "uint64",
           "id": 8
          },
          "free_for_repair_bytes": {
           "type": "uint64",
           "id": 9
          },
          "cordoned": {
           "type": "bool",
           "id": 10
          }
         }
        },
        "ListPoolsRequest": {
         "fields": {}
        },
        "ListPoolsResponse": {
         "fields": {
          "pools": {
           "rule": "repeated",
           "type": "Pool",
           "id": 1
          }
         }
        },
        "GetPoolRequest": {
         "fields": {
          "pool_uuid": {
           "type": "string",
           "id": 1
          }
         }
        },
        "GetPoolResponse": {
         "fields": {
          "pool": {
           "type": "Pool",
           "id": 1
          }
         }
        },
        "PoolService": {
         "methods": {
          "ListPools": {
           "requestType": "ListPoolsRequest",
           "responseType": "ListPoolsResponse"
          },
          "GetPool": {
           "requestType": "GetPoolRequest",
           "responseType": "GetPoolResponse"
          }
         }
        },
        "ShardName": {
         "fields": {
          "volume_id": {
           "type": "string",
           "id": 1
          },
          "stripe_id": {
           "type": "string",
           "id": 2
          },
          "index": {
           "type": "uint32",
           "id": 3
          },
          "placement": {
           "type": "uint32",
           "id": 4
          }
         }
        },
        "ShardAddress": {
         "fields": {
          "pool_uuid": {
           "type": "string",
           "id": 1
          },
          "name": {
           "type": "ShardName",
           "id": 2
          }
         }
        },
        "ExpectedShard": {
         "fields": {
          "address": {
           "type": "ShardAddress",
           "id": 1
          },
          "payload_bytes": {
           "type": "uint64",
           "id": 2
          },
          "checksum": {
           "type": "uint32",
           "id": 3
          }
         }
        },
        "ErasureScheme": {
         "fields": {
          "matrix_id": {
           "type": "string",
           "id": 1
          },
          "data_shards": {
           "type": "uint32",
           "id": 2
          },
          "parity_shards": {
           "type": "uint32",
           "id": 3
          },
          "local_groups": {
           "type": "uint32",
           "id": 4
          }
         }
        },
        "StripeSummary": {
         "fields": {
          "logical_length": {
           "type": "uint64",
           "id": 1
          },
          "record": {
           "type": "bytes",
           "id": 2
          }
         }
        },
        "ShardChunk": {
         "fields": {
          "offset": {
           "type": "fixed64",
           "id": 1
          },
          "data": {
           "type": "bytes",
           "id": 2
          }
         }
        },
        "MissingReason": {
         "values": {
          "MISSING_REASON_UNSPECIFIED": 0,
          "MISSING_REASON_ABSENT": 1,
          "MISSING_REASON_INCOMPLETE": 2,
          "MISSING_REASON_NOT_A_SHARD": 3,
          "MISSING_REASON_CORRUPT_HEADER": 4,
          "MISSING_REASON_CORRUPT_FOOTER": 5,
          "MISSING_REASON_CORRUPT_PADDING": 6,
          "MISSING_REASON_DISAGREEMENT": 7,
          "MISSING_REASON_OTHER_SHARD": 8,
          "MISSING_REASON_OTHER_LENGTH": 9,
          "MISSING_REASON_OTHER_CHECKSUM": 10,
          "MISSING_REASON_UNSUPPORTED_VERSION": 11
         }
        },
        "MissingShard": {
         "fields": {
          "reason": {
           "type": "MissingReason",
           "id": 1
          },
          "detail": {
           "type": "string",
           "id": 2
          }
         }
        },
        "CorruptBlocks": {
         "fields": {
          "blocks": {
           "rule": "repeated",
           "type": "uint32",
           "id": 1
          }
         }
        },
        "UnreadableShard": {
         "oneofs": {
          "_block": {
           "oneof": [
            "block"
           ]
          }
         },
         "fields": {
          "block": {
           "type": "uint32",
           "id": 1,
           "options": {
            "proto3_optional": true
           }
          },
          "error": {
           "type": "couchestor.errors.v1.ErrorDetail",
           "id": 2
          }
         }
        },
        "StoredShard": {
         "fields": {
          "name": {
           "type": "ShardName",
           "id": 1
          },
          "size_bytes": {
           "type": "uint64",
           "id": 2
          },
          "tombstoned": {
           "type": "bool",
           "id": 3
          },
          "quarantined": {
           "type": "bool",
           "id": 4
          }
         }
        },
        "PutPurpose": {
         "values": {
          "PUT_PURPOSE_UNSPECIFIED": 0,
          "PUT_PURPOSE_DATA": 1,
          "PUT_PURPOSE_REPAIR": 2
         }
        },
        "PutShardBegin": {
         "fields": {
          "command": {
           "type": "CommandContext",
           "id": 1
          },
          "address": {
           "type": "ShardAddress",
           "id": 2
          },
          "scheme": {
           "type": "ErasureScheme",
           "id": 3
          },
          "created_by": {
           "type": "string",
           "id": 4
          },
          "max_payload_bytes": {
           "type": "uint64",
           "id": 5
          },
          "purpose": {
           "type": "PutPurpose",
           "id": 6
          }
         }
        },
        "PutShardCommit": {
         "fields": {
          "payload_bytes": {
           "type": "uint64",
           "id": 1
          },
          "checksum": {
           "type": "uint32",
           "id": 2
          },
          "stripe": {
           "type": "StripeSummary",
           "id": 3
          }
         }
        },
        "PutShardRequest": {
         "oneofs": {
          "part": {
           "oneof": [
            "begin",
            "chunk",
            "commit"
           ]
          }
         },
         "fields": {
          "begin": {
           "type": "PutShardBegin",
           "id": 1
          },
          "chunk": {
           "type": "ShardChunk",
           "id": 2
          },
          "commit": {
           "type": "PutShardCommit",
           "id": 3
          }
         }
        },
        "PutShardResponse": {
         "fields": {
          "checksum": {
           "type": "uint32",
           "id": 1
          },
          "file_bytes": {
           "type": "uint64",
           "id": 2
          }
         }
        },
        "PullShardRequest": {
         "fields": {
          "shard": {
           "type": "ExpectedShard",
           "id": 1
          },
          "offset": {
           "type": "uint64",
           "id": 2
          }
         }
        },
        "ShardDescription": {
         "fields": {
          "scheme": {
           "type": "ErasureScheme",
           "id": 1
          },
          "created_by": {
           "type": "string",
           "id": 2
          },
          "stripe": {
           "type": "StripeSummary",
           "id": 3
          }
         }
        },
        "PullShardResponse": {
         "oneofs": {
          "part": {
           "oneof": [
            "description",
            "chunk",
            "missing",
            "corrupt",
            "unreadable"
           ]
          }
         },
         "fields": {
          "description": {
           "type": "ShardDescription",
           "id": 1
          },
          "chunk": {
           "type": "ShardChunk",
           "id": 2
          },
          "missing": {
           "type": "MissingShard",
           "id": 3
          },
          "corrupt": {
           "type": "CorruptBlocks",
           "id": 4
          },
          "unreadable": {
           "type": "UnreadableShard",
           "id": 5
          }
         }
        },
        "ReadShardRequest": {
         "fields": {
          "shard": {
           "type": "ExpectedShard",
           "id": 1
          },
          "offset": {
           "type": "uint64",
           "id": 2
          },
          "length": {
           "type": "uint32",
           "id": 3
          }
         }
        },
        "ReadShardResponse": {
         "oneofs": {
          "part": {
           "oneof": [
            "chunk",
            "missing",
            "corrupt",
            "unreadable"
           ]
          }
         },
         "fields": {
          "chunk": {
           "type": "ShardChunk",
           "id": 2
          },
          "missing": {
           "type": "MissingShard",
           "id": 3
          },
          "corrupt": {
           "type": "CorruptBlocks",
           "id": 4
          },
          "unreadable": {
           "type": "UnreadableShard",
           "id": 5
          }
         },
         "reserved": [
          [
           1,
           1
          ]
         ]
        },
        "VerifyShardRequest": {
         "fields": {
          "shard": {
           "type": "ExpectedShard",
           "id": 1
          }
         }
        },
        "ShardIntact": {
         "fields": {}
        },
        "VerifyShardResponse": {
         "oneofs": {
          "outcome": {
           "oneof": [
            "intact",
            "missing",
            "corrupt",
            "unreadable"
           ]
          }
         },
         "fields": {
          "intact": {
           "type": "ShardIntact",
           "id": 1
          },
          "missing": {
           "type": "MissingShard",
           "id": 2
          },
          "corrupt": {
           "type": "CorruptBlocks",
           "id": 3
          },
          "unreadable": {
           "type": "UnreadableShard",
           "id": 4
          }
         }
        },
        "DeleteShardRequest": {
         "fields": {
          "command": {
           "type": "CommandContext",
           "id": 1
          },
          "address": {
           "type": "ShardAddress",
           "id": 2
          },
          "proof": {
           "type": "DeletionProof",
           "id": 3
          }
         }
        },
        "DeleteShardResponse": {
         "fields": {
          "found": {
           "type": "bool",
           "id": 1
          },
          "due_in_ms": {
           "type": "uint64",
           "id": 2
          }
         }
        },
        "UndeleteShardRequest": {
         "fields": {
          "command": {
           "type": "CommandContext",
           "id": 1
          },
          "address": {
           "type": "ShardAddress",
           "id": 2
          }
         }
        },
        "UndeleteShardResponse": {
         "fields": {
          "found": {
           "type": "bool",
           "id": 1
          }
         }
        },
        "ListShardsRequest": {
         "fields": {
          "pool_uuid": {
           "type": "string",
           "id": 1
          },
          "volume_id": {
           "type": "string",
           "id": 2
          },
          "limit": {
           "type": "uint32",
           "id": 3
          },
          "cursor": {
           "type": "string",
           "id": 4
          }
         }
        },
        "ListShardsResponse": {
         "fields": {
          "shards": {
           "rule": "repeated",
           "type": "StoredShard",
           "id": 1
          },
          "next_cursor": {
           "type": "string",
           "id": 2
          }
         }
        },
        "QuarantineVolumeRequest": {
         "fields": {
          "command": {
           "type": "CommandContext",
           "id": 1
          },
          "pool_uuid": {
           "type": "string",
           "id": 2
          },
          "volume_id": {
           "type": "string",
           "id": 3
          },
          "reason": {
           "type": "string",
           "id": 4
          }
         }
        },
        "QuarantineVolumeResponse": {
         "fields": {}
        },
        "ReleaseVolumeRequest": {
         "fields": {
          "command": {
           "type": "CommandContext",
           "id": 1
          },
          "pool_uuid": {
           "type": "string",
           "id": 2
          },
          "volume_id": {
           "type": "string",
           "id": 3
          }
         }
        },
        "ReleaseVolumeResponse": {
         "fields": {
          "found": {
           "type": "bool",
           "id": 1
          }
         }
        },
        "ShardService": {
         "methods": {
          "PutShard": {
           "requestType": "PutShardRequest",
           "requestStream": true,
           "responseType": "PutShardResponse"
          },
          "PullShard": {
           "requestType": "PullShardRequest",
           "responseType": "PullShardResponse",
           "responseStream": true
          },
          "ReadShard": {
           "requestType": "ReadShardRequest",
           "responseType": "ReadShardResponse"
          },
          "VerifyShard": {
           "requestType": "VerifyShardRequest",
           "responseType": "VerifyShardResponse"
          },
          "DeleteShard": {
           "requestType": "DeleteShardRequest",
           "responseType": "DeleteShardResponse"
          },
          "UndeleteShard": {
           "requestType": "UndeleteShardRequest",
           "responseType": "UndeleteShardResponse"
          },
          "ListShards": {
           "requestType": "ListShardsRequest",
           "responseType": "ListShardsResponse"
          },
          "QuarantineVolume": {
           "requestType": "QuarantineVolumeRequest",
           "responseType": "QuarantineVolumeResponse"
          },
          "ReleaseVolume": {
           "requestType": "ReleaseVolumeRequest",
           "responseType": "ReleaseVolumeResponse"
          }
         }
        }
       }
      }
     }
    },
    "errors": {
     "nested": {
      "v1": {
       "nested": {
        "ErrorCode": {
         "values": {
          "ERROR_CODE_UNSPECIFIED": 0,
          "ERROR_CODE_INVALID": 1,
          "ERROR_CODE_NOT_FOUND": 2,
          "ERROR_CODE_CONFLICT": 3,
          "ERROR_CODE_ALREADY_EXISTS": 4,
          "ERROR_CODE_UNAVAILABLE": 5,
          "ERROR_CODE_TIMEOUT": 6,
          "ERROR_CODE_UNAUTHORIZED": 7,
          "ERROR_CODE_FORBIDDEN": 8,
          "ERROR_CODE_GONE": 9,
          "ERROR_CODE_TOO_MANY_REQUESTS": 10,
          "ERROR_CODE_RESOURCE_EXHAUSTED": 11,
          "ERROR_CODE_CANCELLED": 12,
          "ERROR_CODE_CORRUPT": 13,
          "ERROR_CODE_UNSUPPORTED": 14,
          "ERROR_CODE_INTERNAL": 15
         }
        },
        "ErrorValue": {
         "oneofs": {
          "value": {
           "oneof": [
            "text",
            "number",
            "flag"
           ]
          }
         },
         "fields": {
          "text": {
           "type": "string",
           "id": 1
          },
          "number": {
           "type": "double",
           "id": 2
          },
          "flag": {
           "type": "bool",
           "id": 3
          }
         }
        },
        "ErrorDetail": {
         "fields": {
          "code": {
           "type": "ErrorCode",
           "id": 1
          },
          "message": {
           "type": "string",
           "id": 2
          },
          "retryable": {
           "type": "bool",
           "id": 3
          },
          "fields": {
           "keyType": "string",
           "type": "ErrorValue",
           "id": 4
          }
         }
        }
       }
      }
     }
    },
    "fleet": {
     "nested": {
      "v1": {
       "nested": {
        "NodeReport": {
         "fields": {
          "revision": {
           "type": "uint64",
           "id": 1
          },
          "devices": {
           "rule": "repeated",
           "type": "couchestor.agent.v1.Device",
           "id": 2
          },
          "pools": {
           "rule": "repeated",
           "type": "couchestor.agent.v1.Pool",
           "id": 3
          },
          "cordoned": {
           "type": "bool",
           "id": 4
          }
         }
        },
        "CordonCommand": {
         "oneofs": {
          "_pool_uuid": {
           "oneof": [
            "pool_uuid"
           ]
          }
         },
         "fields": {
          "pool_uuid": {
           "type": "string",
           "id": 1,
           "options": {
            "proto3_optional": true
           }
          },
          "reason": {
           "type": "string",
           "id": 2
          }
         }
        },
        "UncordonCommand": {
         "oneofs": {
          "_pool_uuid": {
           "oneof": [
            "pool_uuid"
           ]
          }
         },
         "fields": {
          "pool_uuid": {
           "type": "string",
           "id": 1,
           "options": {
            "proto3_optional": true
           }
          }
         }
        },
        "DrainCommand": {
         "oneofs": {
          "_pool_uuid": {
           "oneof": [
            "pool_uuid"
           ]
          }
         },
         "fields": {
          "pool_uuid": {
           "type": "string",
           "id": 1,
           "options": {
            "proto3_optional": true
           }
          },
          "reason": {
           "type": "string",
           "id": 2
          }
         }
        },
        "Command": {
         "oneofs": {
          "action": {
           "oneof": [
            "cordon",
            "uncordon",
            "drain"
           ]
          }
         },
         "fields": {
          "context": {
           "type": "couchestor.agent.v1.CommandContext",
           "id": 1
          },
          "cordon": {
           "type": "CordonCommand",
           "id": 2
          },
          "uncordon": {
           "type": "UncordonCommand",
           "id": 3
          },
          "drain": {
           "type": "DrainCommand",
           "id": 4
          }
         }
        },
        "CommandResult": {
         "oneofs": {
          "_error": {
           "oneof": [
            "error"
           ]
          }
         },
         "fields": {
          "operation_id": {
           "type": "string",
           "id": 1
          },
          "error": {
           "type": "couchestor.errors.v1.ErrorDetail",
           "id": 2,
           "options": {
            "proto3_optional": true
           }
          }
         }
        },
        "RegisterRequest": {
         "fields": {
          "node_name": {
           "type": "string",
           "id": 1
          },
          "instance_id": {
           "type": "string",
           "id": 2
          },
          "boot_id": {
           "type": "string",
           "id": 3
          },
          "version": {
           "type": "string",
           "id": 4
          },
          "address": {
           "type": "string",
           "id": 5
          },
          "report": {
           "type": "NodeReport",
           "id": 6
          }
         }
        },
        "RegisterResponse": {
         "fields": {
          "epoch": {
           "type": "uint64",
           "id": 1
          },
          "session_id": {
           "type": "string",
           "id": 2
          },
          "heartbeat_interval_ms": {
           "type": "uint32",
           "id": 3
          },
          "heartbeat_timeout_ms": {
           "type": "uint32",
           "id": 4
          }
         }
        },
        "HeartbeatRequest": {
         "oneofs": {
          "_report": {
           "oneof": [
            "report"
           ]
          }
         },
         "fields": {
          "session_id": {
           "type": "string",
           "id": 1
          },
          "sequence": {
           "type": "uint64",
           "id": 2
          },
          "report_revision": {
           "type": "uint64",
           "id": 3
          },
          "report": {
           "type": "NodeReport",
           "id": 4,
           "options": {
            "proto3_optional": true
           }
          },
          "results": {
           "rule": "repeated",
           "type": "CommandResult",
           "id": 5
          }
         }
        },
        "HeartbeatResponse": {
         "fields": {
          "sequence": {
           "type": "uint64",
           "id": 1
          },
          "epoch": {
           "type": "uint64",
           "id": 2
          },
          "report_revision": {
           "type": "uint64",
           "id": 3
          },
          "acknowledged_operation_ids": {
           "rule": "repeated",
           "type": "string",
           "id": 4
          },
          "commands": {
           "rule": "repeated",
           "type": "Command",
           "id": 5
          }
         }
        },
        "FleetService": {
         "methods": {
          "Register": {
           "requestType": "RegisterRequest",
           "responseType": "RegisterResponse"
          },
          "Heartbeat": {
           "requestType": "HeartbeatRequest",
           "requestStream": true,
           "responseType": "HeartbeatResponse",
           "responseStream": true
          }
         }
        }
       }
      }
     }
    }
   }
  },
  "google": {
   "nested": {
    "protobuf": {
     "nested": {
      "Any": {
       "fields": {
        "type_url": {
         "type": "string",
         "id": 1
        },
        "value": {
         "type": "bytes",
         "id": 2
        }
       }
      }
     }
    },
    "rpc": {
     "nested": {
      "Status": {
       "fields": {
        "code": {
         "type": "int32",
         "id": 1
        },
        "message": {
         "type": "string",
         "id": 2
        },
        "details": {
         "rule": "repeated",
         "type": "google.protobuf.Any",
         "id": 3
        }
       }
      }
     }
    }
   }
  }
 }
};
