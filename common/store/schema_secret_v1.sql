-- SPDX-License-Identifier: Apache-2.0
-- Schema version 1 of secrets.db. Tokens as sealed envelopes (base/secret.h); nothing here is readable
-- without the store key. Tokens as in schema_v1.sql.

CREATE TABLE secret (
	tenant_id TEXT NOT NULL,            -- GUID at the service; '' for all
	purpose TEXT NOT NULL,              -- 'refresh_token'; for all: 'fingerprint_key'
	envelope @BLOB@ NOT NULL,
	stored @INT@ NOT NULL,
	PRIMARY KEY (tenant_id, purpose)
) @STRICT@;

-- Credential files that were taken once, as keyed hashes: the same file never replaces a newer token.
CREATE TABLE secret_consumed (
	tenant_id TEXT NOT NULL,
	purpose TEXT NOT NULL,
	fingerprint @BLOB@ NOT NULL,
	at @INT@ NOT NULL,
	PRIMARY KEY (tenant_id, purpose, fingerprint)
) @STRICT@;
