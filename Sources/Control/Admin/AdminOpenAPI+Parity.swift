// SPDX-License-Identifier: Apache-2.0

/// The paths under `/admin/v1/parity` of ``adminOpenAPI``, each with a comma behind it.
let parityOpenAPIPaths = #"""
    "/admin/v1/parity": {
     "get": {
      "summary": "Each migration's outcomes, bound and verdict as of now",
      "parameters": [
       {
        "name": "migration",
        "in": "query",
        "description": "one of them",
        "schema": {"type": "string"}
       },
       {
        "name": "tenant",
        "in": "query",
        "description": "tenants in scope, with commas between; none: all",
        "schema": {"type": "string"}
       }
      ],
      "responses": {
       "200": {
        "description": "done",
        "content": {
         "application/json": {"schema": {"type": "object"}}
        }
       },
       "default": {"$ref": "#/components/responses/Problem"}
      }
     }
    },
    "/admin/v1/parity/{id}/report": {
     "get": {
      "summary": "The report of a migration; Banyan-Verdict says its verdict",
      "parameters": [
       {
        "name": "id",
        "in": "path",
        "required": true,
        "description": "migration",
        "schema": {"type": "string"}
       },
       {
        "name": "tenant",
        "in": "query",
        "description": "tenants in scope, with commas between; none: all",
        "schema": {"type": "string"}
       },
       {
        "name": "epoch",
        "in": "query",
        "description": "an earlier epoch",
        "schema": {"type": "integer"}
       },
       {
        "name": "since",
        "in": "query",
        "description": "14d before the last observation, or a date",
        "schema": {"type": "string"}
       },
       {
        "name": "format",
        "in": "query",
        "description": "json (default, canonical), text, csv, html",
        "schema": {"type": "string"}
       },
       {
        "name": "table",
        "in": "query",
        "description": "of csv: differences, coverage, accepted, latency, series, verdict",
        "schema": {"type": "string"}
       }
      ],
      "responses": {
       "200": {
        "description": "done",
        "content": {
         "application/json": {"schema": {"type": "object"}},
         "text/plain": {"schema": {"type": "string"}},
         "text/csv": {"schema": {"type": "string"}},
         "text/html": {"schema": {"type": "string"}}
        }
       },
       "default": {"$ref": "#/components/responses/Problem"}
      }
     }
    },
    "/admin/v1/parity/{id}/differences": {
     "get": {
      "summary": "Differences by class and field, the worst first",
      "parameters": [
       {
        "name": "id",
        "in": "path",
        "required": true,
        "description": "migration",
        "schema": {"type": "string"}
       },
       {
        "name": "tenant",
        "in": "query",
        "description": "tenants in scope, with commas between; none: all",
        "schema": {"type": "string"}
       },
       {
        "name": "epoch",
        "in": "query",
        "description": "an earlier epoch",
        "schema": {"type": "integer"}
       },
       {
        "name": "since",
        "in": "query",
        "description": "14d before the last observation, or a date",
        "schema": {"type": "string"}
       },
       {
        "name": "class",
        "in": "query",
        "description": "only this class",
        "schema": {"type": "string"}
       },
       {
        "name": "severity",
        "in": "query",
        "description": "only this severity",
        "schema": {"type": "string"}
       },
       {
        "name": "pointer",
        "in": "query",
        "description": "only this field",
        "schema": {"type": "string"}
       },
       {
        "name": "limit",
        "in": "query",
        "description": "rows at most, 100 by default",
        "schema": {"type": "integer"}
       }
      ],
      "responses": {
       "200": {
        "description": "done",
        "content": {
         "application/json": {"schema": {"type": "object"}}
        }
       },
       "default": {"$ref": "#/components/responses/Problem"}
      }
     }
    },
    "/admin/v1/parity/{id}/explain": {
     "get": {
      "summary": "All that is known of the differences at one field",
      "parameters": [
       {
        "name": "id",
        "in": "path",
        "required": true,
        "description": "migration",
        "schema": {"type": "string"}
       },
       {
        "name": "tenant",
        "in": "query",
        "description": "tenants in scope, with commas between; none: all",
        "schema": {"type": "string"}
       },
       {
        "name": "epoch",
        "in": "query",
        "description": "an earlier epoch",
        "schema": {"type": "integer"}
       },
       {
        "name": "since",
        "in": "query",
        "description": "14d before the last observation, or a date",
        "schema": {"type": "string"}
       },
       {
        "name": "pointer",
        "in": "query",
        "description": "the field; empty: the whole body",
        "schema": {"type": "string"}
       }
      ],
      "responses": {
       "200": {
        "description": "done",
        "content": {
         "application/json": {"schema": {"type": "object"}}
        }
       },
       "default": {"$ref": "#/components/responses/Problem"}
      }
     }
    },
    "/admin/v1/parity/{id}/suggest": {
     "get": {
      "summary": "Rules that the evidence speaks for",
      "parameters": [
       {
        "name": "id",
        "in": "path",
        "required": true,
        "description": "migration",
        "schema": {"type": "string"}
       },
       {
        "name": "tenant",
        "in": "query",
        "description": "tenants in scope, with commas between; none: all",
        "schema": {"type": "string"}
       },
       {
        "name": "epoch",
        "in": "query",
        "description": "an earlier epoch",
        "schema": {"type": "integer"}
       },
       {
        "name": "since",
        "in": "query",
        "description": "14d before the last observation, or a date",
        "schema": {"type": "string"}
       },
       {
        "name": "minimum",
        "in": "query",
        "description": "differences that a place needs, 20 by default",
        "schema": {"type": "integer"}
       }
      ],
      "responses": {
       "200": {
        "description": "done",
        "content": {
         "application/json": {"schema": {"type": "object"}}
        }
       },
       "default": {"$ref": "#/components/responses/Problem"}
      }
     }
    },
    "/admin/v1/parity/reads": {
     "post": {
      "summary": "Make one read of a replay or probe at both origins, and count it",
      "requestBody": {
       "required": true,
       "content": {
        "application/json": {
         "schema": {
          "type": "object",
          "properties": {
           "run": {"type": "string"},
           "row": {"type": "integer"},
           "method": {"type": "string"},
           "url": {"type": "string"},
           "tenant": {"type": "string"},
           "user": {"type": "string"},
           "headers": {
            "type": "array",
            "items": {
             "type": "object",
             "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
             "required": ["name", "value"]
            }
           },
           "isPattern": {"type": "boolean"},
           "isDry": {"type": "boolean"},
           "probe": {
            "type": "object",
            "properties": {
             "route": {"type": "string"},
             "name": {"type": "string"},
             "combination": {"type": "integer"}
            },
            "required": ["route", "name", "combination"]
           }
          }
         }
        }
       }
      },
      "responses": {
       "200": {
        "description": "what became of it",
        "content": {"application/json": {"schema": {"type": "object"}}}
       },
       "default": {"$ref": "#/components/responses/Problem"}
      }
     }
    },
    "/admin/v1/parity/grants": {
     "get": {
      "summary": "Leave to keep bodies that is open now",
      "responses": {
       "200": {
        "description": "Leave to keep bodies that is open now",
        "content": {"application/json": {"schema": {"type": "object"}}}
       },
       "default": {"$ref": "#/components/responses/Problem"}
      }
     },
     "post": {
      "summary": "Leave to keep bodies of mismatches, sealed to a certificate",
      "requestBody": {"required": true, "content": {"application/json": {"schema": {
       "type": "object",
       "required": ["route", "owner", "reason", "quota", "milliseconds", "certificate"],
       "properties": {"route": {"type": "string"}, "owner": {"type": "string"}, "reason": {"type": "string"}, "quota": {"type": "integer"}, "milliseconds": {"type": "integer"}, "certificate": {"type": "string"}}
      }}}},
      "responses": {
       "200": {
        "description": "Leave to keep bodies of mismatches, sealed to a certificate",
        "content": {"application/json": {"schema": {"type": "object"}}}
       },
       "default": {"$ref": "#/components/responses/Problem"}
      }
     }
    },
    "/admin/v1/parity/grants/{id}": {
     "delete": {
      "summary": "A grant is ended",
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
      "responses": {
       "200": {
        "description": "A grant is ended",
        "content": {"application/json": {"schema": {"type": "object"}}}
       },
       "default": {"$ref": "#/components/responses/Problem"}
      }
     }
    },
    "/admin/v1/parity/shred": {
     "post": {
      "summary": "Keys of fingerprints are destroyed",
      "requestBody": {"required": true, "content": {"application/json": {"schema": {
       "type": "object",
       "required": ["reason"],
       "properties": {"tenant": {"type": "string"}, "migration": {"type": "string"}, "reason": {"type": "string"}}
      }}}},
      "responses": {
       "200": {
        "description": "Keys of fingerprints are destroyed",
        "content": {"application/json": {"schema": {"type": "object"}}}
       },
       "default": {"$ref": "#/components/responses/Problem"}
      }
     }
    },
    "/admin/v1/parity/probes": {
     "get": {
      "summary": "The probes that the files declare, and what their last reads brought",
      "parameters": [
       {
        "name": "tenant",
        "in": "query",
        "description": "only this tenant's",
        "schema": {"type": "string"}
       },
       {
        "name": "migration",
        "in": "query",
        "description": "only this migration's",
        "schema": {"type": "string"}
       },
       {
        "name": "from",
        "in": "query",
        "description": "probes to pass over",
        "schema": {"type": "integer"}
       }
      ],
      "responses": {
       "200": {
        "description": "at most 1000 of them",
        "content": {"application/json": {"schema": {"type": "object"}}}
       },
       "default": {"$ref": "#/components/responses/Problem"}
      }
     }
    },
    """#
