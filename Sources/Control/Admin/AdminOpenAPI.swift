// SPDX-License-Identifier: Apache-2.0

/// The OpenAPI document of the admin API, served at `/admin/v1/openapi.json`.
///
/// Written by hand; tests hold its paths, methods and error codes to the tables in the code.
public let adminOpenAPI = #"""
    {
     "openapi": "3.1.0",
     "info": {
      "title": "Banyan admin API",
      "version": "1",
      "description": "On the edge's Unix socket. Only root and its own user may change anything."
     },
     "paths": {
      "/admin/v1/status": {
       "get": {
        "summary": "Where cells stand, and how the edge is",
        "parameters": [
         {
          "name": "cell",
          "in": "query",
          "description": "cells to show",
          "schema": {"type": "string"}
         },
         {
          "name": "all",
          "in": "query",
          "description": "1: untouched cells too",
          "schema": {"type": "string"}
         }
        ],
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      },
      "/admin/v1/explain": {
       "post": {
        "summary": "What would happen to a request",
        "requestBody": {
         "required": true,
         "content": {
          "application/json": {
           "schema": {
            "type": "object",
            "properties": {
             "method": {"type": "string"},
             "url": {"type": "string"},
             "tenant": {"type": "string"},
             "user": {"type": "string"},
             "certificate": {"type": "array", "items": {"type": "string"}},
             "headers": {
              "type": "array",
              "items": {
               "type": "object",
               "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
               "required": ["name", "value"]
              }
             }
            },
            "required": ["method", "url"],
            "additionalProperties": false
           }
          }
         }
        },
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"type": "object"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      },
      "/admin/v1/flip": {
       "post": {
        "summary": "Move cells to a stage, forward through the gate",
        "requestBody": {
         "required": true,
         "content": {
          "application/json": {
           "schema": {
            "type": "object",
            "properties": {
             "cells": {
              "type": "string",
              "description": "TENANT/MIGRATION, */MIGRATION or TENANT/*"
             },
             "to": {"type": "string", "description": "a stage, or stage=share: live=5%"},
             "resume": {"type": "boolean"},
             "reason": {"type": "string", "maxLength": 1000},
             "confirm": {"type": "string"},
             "ifGeneration": {"type": "integer"}
            },
            "required": ["cells"],
            "additionalProperties": false
           }
          }
         }
        },
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Act"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      },
      "/admin/v1/rollback": {
       "post": {
        "summary": "Move cells back at once",
        "requestBody": {
         "required": true,
         "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CellOrder"}}}
        },
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Act"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      },
      "/admin/v1/freeze": {
       "post": {
        "summary": "Refuse writes of cells",
        "requestBody": {
         "required": true,
         "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CellOrder"}}}
        },
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Act"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      },
      "/admin/v1/unfreeze": {
       "post": {
        "summary": "Allow writes again",
        "requestBody": {
         "required": true,
         "content": {"application/json": {"schema": {"$ref": "#/components/schemas/CellOrder"}}}
        },
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Act"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      },
      "/admin/v1/tenants": {
       "get": {
        "summary": "Known tenants",
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"type": "object"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       },
       "post": {
        "summary": "Add or change a run-time tenant",
        "requestBody": {
         "required": true,
         "content": {
          "application/json": {
           "schema": {
            "type": "object",
            "properties": {
             "id": {"type": "string"},
             "hosts": {"type": "array", "items": {"type": "string"}},
             "aliases": {"type": "array", "items": {"type": "string"}},
             "labels": {"type": "object", "additionalProperties": {"type": "string"}},
             "reason": {"type": "string", "maxLength": 1000}
            },
            "required": ["id"],
            "additionalProperties": false
           }
          }
         }
        },
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"type": "object"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      },
      "/admin/v1/tenants/{id}": {
       "delete": {
        "summary": "Take a run-time tenant away",
        "parameters": [
         {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
         {
          "name": "reason",
          "in": "query",
          "description": "why, for the audit",
          "schema": {"type": "string"}
         }
        ],
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"type": "object"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      },
      "/admin/v1/audit": {
       "get": {
        "summary": "The last acts, oldest first",
        "parameters": [
         {
          "name": "lines",
          "in": "query",
          "description": "how many, 20 by default",
          "schema": {"type": "integer", "minimum": 1, "maximum": 1000}
         }
        ],
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"type": "object"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      },
      "/admin/v1/audit/verify": {
       "get": {
        "summary": "Whether the audit's hash chain holds",
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"type": "object"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      },
      "/admin/v1/workers": {
       "get": {
        "summary": "A round trip through every worker that changes nothing, and how long it took",
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"type": "object"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      },
      \#(parityOpenAPIPaths)
      "/admin/v1/reload": {
       "post": {
        "summary": "Load the files again, all or nothing",
        "responses": {
         "200": {
          "description": "done",
          "content": {"application/json": {"schema": {"type": "object"}}}
         },
         "default": {"$ref": "#/components/responses/Problem"}
        }
       }
      }
     },
     "components": {
      "schemas": {
       "CellOrder": {
        "type": "object",
        "properties": {
         "cells": {"type": "string", "description": "TENANT/MIGRATION, */MIGRATION or TENANT/*"},
         "to": {"type": "string", "description": "a stage, or stage=share: live=5%"},
         "reason": {"type": "string", "maxLength": 1000}
        },
        "required": ["cells"],
        "additionalProperties": false
       },
       "Act": {
        "type": "object",
        "properties": {
         "act": {"type": "string"},
         "generation": {"type": "integer"},
         "cells": {
          "type": "array",
          "items": {
           "type": "object",
           "properties": {
            "cell": {"type": "string"},
            "from": {"type": ["string", "null"]},
            "to": {"type": ["string", "null"]}
           }
          }
         },
         "cellCount": {"type": "integer"},
         "workers": {
          "type": "object",
          "properties": {
           "confirmed": {"type": "integer"},
           "total": {"type": "integer"},
           "silent": {"type": "array", "items": {"type": "integer"}}
          }
         },
         "elapsedNanoseconds": {"type": "integer"},
           "durableNanoseconds": {"type": "integer"},
         "lastLegacyMilliseconds": {"type": ["integer", "null"]},
         "inFlight": {
          "type": "object",
          "properties": {"legacy": {"type": "integer"}, "modern": {"type": "integer"}}
         },
         "leftBehind": {
          "type": "object",
          "properties": {"tunnels": {"type": "integer"}, "streams": {"type": "integer"}}
         },
         "writesLeftBehind": {"type": ["integer", "null"]},
         "redirectsClearMilliseconds": {"type": ["integer", "null"]},
         "isRecorded": {"type": "boolean"},
         "isUngated": {"type": "boolean"},
         "actor": {"type": "string"},
         "reason": {"type": ["string", "null"]},
         "undo": {"type": ["string", "null"]},
         "notes": {"type": "array", "items": {"type": "string"}}
        },
        "required": ["act", "generation", "workers", "isRecorded"]
       },
       "Status": {
        "type": "object",
        "properties": {
         "edge": {"type": "string"},
         "version": {"type": "string"},
         "generation": {"type": "integer"},
         "snapshot": {"type": "integer"},
         "workers": {"type": "integer"},
         "isDraining": {"type": "boolean"},
         "loadedMilliseconds": {"type": "integer"},
         "reloadProblem": {"type": ["string", "null"]},
         "storeProblem": {"type": ["string", "null"]},
         "tenants": {"type": "integer"},
         "routes": {"type": "integer"},
         "leftOut": {"type": "integer"},
         "endpoints": {
          "type": "array",
          "items": {
           "type": "object",
           "properties": {
            "upstream": {"type": "string"},
            "endpoint": {"type": "string"},
            "address": {"type": ["string", "null"]},
            "state": {"type": "string"},
            "sinceMilliseconds": {"type": "integer"},
            "reason": {"type": ["string", "null"]},
            "isNamed": {"type": "boolean"},
            "isChecked": {"type": "boolean"},
            "ejectedWorkers": {"type": "integer"}
           }
          }
         },
         "cells": {
          "type": "array",
          "items": {
           "type": "object",
           "properties": {
            "tenant": {"type": "string"},
            "migration": {"type": "string"},
            "stage": {"type": "string"},
            "share": {"type": "string"},
            "source": {"type": "string"},
            "generation": {"type": "integer"},
            "sinceMilliseconds": {"type": ["integer", "null"]},
            "actor": {"type": ["string", "null"]},
            "reason": {"type": ["string", "null"]},
            "isFrozen": {"type": "boolean"},
            "blindSinceMilliseconds": {"type": ["integer", "null"]},
            "resume": {"type": ["string", "null"]},
            "streams": {
             "type": "array",
             "items": {
              "type": "object",
              "properties": {
               "kind": {"type": "string", "enum": ["tunnel", "events", "download"]},
               "origin": {"type": "string"},
               "isLeftBehind": {"type": "boolean"},
               "count": {"type": "integer"},
               "oldestMilliseconds": {"type": "integer"}
              }
             }
            }
           }
          }
         }
        }
       },
       "Problem": {
        "type": "object",
        "properties": {
         "title": {"type": "string"},
         "status": {"type": "integer"},
         "code": {
          "type": "string",
          "enum": [
           "invalid",
           "reason_required",
           "confirmation_required",
           "not_permitted",
           "not_found",
           "method_not_allowed",
           "nothing_matched",
           "refused",
           "gate_refused",
           "conflict",
           "files_invalid",
           "store_unavailable",
           "unavailable",
           "chain_broken",
           "failed"
          ]
         },
         "detail": {"type": "string"},
         "hint": {"type": "string"},
         "findings": {"type": "array", "items": {"type": "string"}}
        },
        "required": ["status", "code", "detail"]
       }
      },
      "responses": {
       "Problem": {
        "description": "refused; the code says why",
        "content": {
         "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        }
       }
      }
     }
    }
    """#
