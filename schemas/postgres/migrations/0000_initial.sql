CREATE TABLE "customers" (
	"id" text COLLATE "C" PRIMARY KEY NOT NULL,
	"name" text,
	"currency" text,
	"time_zone" text,
	"tax_rate" numeric,
	"invoice_details" jsonb,
	"first_seen_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone
);
--> statement-breakpoint
CREATE TABLE "dead_letters" (
	"dead_letter_id" bigserial PRIMARY KEY NOT NULL,
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"offset" bigint NOT NULL,
	"idx" integer NOT NULL,
	"code" text NOT NULL,
	"message" text NOT NULL,
	"payload" text NOT NULL,
	"import_id" bigint,
	"line" bigint,
	"meter" text COLLATE "C",
	"is_counted" boolean DEFAULT false NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"published_at" timestamp(6) with time zone,
	"replayed_at" timestamp(6) with time zone,
	"replayed_epoch" integer,
	"replayed_partition" smallint,
	"replayed_offset" bigint
);
--> statement-breakpoint
CREATE TABLE "import_known_from" (
	"import_id" bigint NOT NULL,
	"from_import_id" bigint NOT NULL,
	"events" bigint NOT NULL,
	CONSTRAINT "import_known_from_import_id_from_import_id_pk" PRIMARY KEY("import_id","from_import_id")
);
--> statement-breakpoint
CREATE TABLE "import_partitions" (
	"import_id" bigint NOT NULL,
	"partition" smallint NOT NULL,
	"epoch" integer,
	"first_offset" bigint,
	"end_offset" bigint,
	"accepted" bigint DEFAULT 0 NOT NULL,
	"duplicate" bigint DEFAULT 0 NOT NULL,
	"conflict" bigint DEFAULT 0 NOT NULL,
	"dead" bigint DEFAULT 0 NOT NULL,
	"redelivered" bigint DEFAULT 0 NOT NULL,
	"voided" bigint DEFAULT 0 NOT NULL,
	"undo_epoch" integer,
	"undo_offset" bigint,
	CONSTRAINT "import_partitions_import_id_partition_pk" PRIMARY KEY("import_id","partition")
);
--> statement-breakpoint
CREATE TABLE "imports" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"status" text NOT NULL,
	"identity" text,
	"key_scope" text,
	"idempotency_key" text,
	"sha256" text,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"content_bytes" bigint DEFAULT 0 NOT NULL,
	"compressed" boolean DEFAULT false NOT NULL,
	"mapping" jsonb,
	"dialect" jsonb,
	"header" jsonb,
	"rows_read" bigint DEFAULT 0 NOT NULL,
	"rows_rejected" bigint DEFAULT 0 NOT NULL,
	"rows_new" bigint,
	"rows_known" bigint,
	"rows_conflict" bigint,
	"events_published" bigint DEFAULT 0 NOT NULL,
	"rows_published" bigint DEFAULT 0 NOT NULL,
	"bytes_read" bigint DEFAULT 0 NOT NULL,
	"suspected_doubles" bigint,
	"customers" jsonb,
	"errors" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"failure" jsonb,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"publishing_at" timestamp(6) with time zone,
	"completed_at" timestamp(6) with time zone,
	"lease_owner" text,
	"lease_until" timestamp(6) with time zone,
	"form" text DEFAULT 'file' NOT NULL,
	"session" integer DEFAULT 0 NOT NULL,
	"lines_received" bigint DEFAULT 0 NOT NULL,
	"lines_read" bigint DEFAULT 0 NOT NULL,
	"rejected_bytes" bigint DEFAULT 0 NOT NULL,
	"received_at" timestamp(6) with time zone,
	"published_to" bigint[],
	"undone_by" text,
	"undone_at" timestamp(6) with time zone,
	"undo_sent_to" text
);
--> statement-breakpoint
CREATE TABLE "meters" (
	"key" text COLLATE "C" PRIMARY KEY NOT NULL,
	"name" text,
	"unit" text,
	"aggregation" text DEFAULT 'sum' NOT NULL,
	"property" text,
	"first_seen_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(6) with time zone
);
--> statement-breakpoint
CREATE TABLE "profiles" (
	"name" text PRIMARY KEY NOT NULL,
	"mapping" jsonb NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_records" (
	"customer" text COLLATE "C" NOT NULL,
	"id" text COLLATE "C" NOT NULL,
	"meter" text COLLATE "C" NOT NULL,
	"time" timestamp(6) with time zone NOT NULL,
	"quantity" numeric NOT NULL,
	"properties" text NOT NULL,
	"import_id" bigint NOT NULL,
	"line" bigint NOT NULL,
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"offset" bigint NOT NULL,
	"idx" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "witnesses" (
	"customer" text COLLATE "C" NOT NULL,
	"id" text COLLATE "C" NOT NULL,
	"import_id" bigint NOT NULL,
	"line" bigint NOT NULL,
	"meter" text COLLATE "C" NOT NULL,
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"offset" bigint NOT NULL,
	"idx" integer NOT NULL,
	CONSTRAINT "witnesses_customer_id_import_id_line_meter_pk" PRIMARY KEY("customer","id","import_id","line","meter")
);
--> statement-breakpoint
CREATE TABLE "customer_plans" (
	"customer_id" text COLLATE "C" NOT NULL,
	"n" smallint NOT NULL,
	"plan_id" text NOT NULL,
	"from_date" text,
	CONSTRAINT "customer_plans_customer_id_n_pk" PRIMARY KEY("customer_id","n")
);
--> statement-breakpoint
CREATE TABLE "plan_versions" (
	"plan_id" text NOT NULL,
	"version" integer NOT NULL,
	"definition" jsonb NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "plan_versions_plan_id_version_pk" PRIMARY KEY("plan_id","version")
);
--> statement-breakpoint
CREATE TABLE "plans" (
	"id" text PRIMARY KEY NOT NULL,
	"currency" text NOT NULL,
	"version" integer NOT NULL,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"id" smallint PRIMARY KEY DEFAULT 1 NOT NULL,
	"seller" jsonb NOT NULL,
	"numbering" jsonb NOT NULL,
	"plan_id" text,
	"currency" text NOT NULL,
	"time_zone" text NOT NULL,
	"rounding" text NOT NULL,
	"updated_at" timestamp(6) with time zone NOT NULL,
	CONSTRAINT "settings_one_row" CHECK ("settings"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE "consumer_offsets" (
	"consumer" text NOT NULL,
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"next_offset" bigint DEFAULT 0 NOT NULL,
	"tail_offset" bigint,
	"tail_hash" text,
	"updated_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "consumer_offsets_consumer_epoch_partition_pk" PRIMARY KEY("consumer","epoch","partition"),
	CONSTRAINT "consumer_offsets_behind_tail" CHECK (tail_offset IS NULL OR next_offset > tail_offset)
);
--> statement-breakpoint
CREATE TABLE "log_epochs" (
	"epoch" serial PRIMARY KEY NOT NULL,
	"incarnation" text NOT NULL,
	"started_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "log_epochs_incarnation_unique" UNIQUE("incarnation")
);
--> statement-breakpoint
CREATE TABLE "log_marks" (
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"first_offset" bigint NOT NULL,
	"next_offset" bigint NOT NULL,
	"offsets" bigint[] NOT NULL,
	"indexes" integer[] NOT NULL,
	CONSTRAINT "log_marks_epoch_partition_first_offset_pk" PRIMARY KEY("epoch","partition","first_offset")
);
--> statement-breakpoint
CREATE TABLE "rollup_ranges" (
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"first_offset" bigint NOT NULL,
	"next_offset" bigint NOT NULL,
	"month" integer NOT NULL,
	"first_index" integer DEFAULT 0 NOT NULL,
	"rows" integer NOT NULL,
	"voided" integer DEFAULT 0 NOT NULL,
	"attempt" smallint DEFAULT 0 NOT NULL,
	"state" text DEFAULT 'PENDING' NOT NULL,
	"exchanged" boolean DEFAULT false NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"done_at" timestamp(6) with time zone,
	CONSTRAINT "rollup_ranges_epoch_partition_first_offset_month_first_index_pk" PRIMARY KEY("epoch","partition","first_offset","month","first_index")
);
--> statement-breakpoint
CREATE TABLE "conflicts" (
	"conflict_id" bigserial PRIMARY KEY NOT NULL,
	"customer" text COLLATE "C" NOT NULL,
	"id" text COLLATE "C" NOT NULL,
	"meter" text COLLATE "C" NOT NULL,
	"time" timestamp(6) with time zone NOT NULL,
	"quantity" numeric NOT NULL,
	"properties" text NOT NULL,
	"import_id" bigint NOT NULL,
	"line" bigint NOT NULL,
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"offset" bigint NOT NULL,
	"idx" integer NOT NULL,
	"status" text DEFAULT 'open' NOT NULL,
	"stranded" boolean DEFAULT false NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"keep" text,
	"resolved_by" text,
	"resolved_at" timestamp(6) with time zone,
	"sent_to" text
);
--> statement-breakpoint
CREATE TABLE "kept_versions" (
	"conflict_id" bigint PRIMARY KEY NOT NULL,
	"customer" text COLLATE "C" NOT NULL,
	"id" text COLLATE "C" NOT NULL,
	"meter" text COLLATE "C" NOT NULL,
	"time" timestamp(6) with time zone NOT NULL,
	"quantity" numeric NOT NULL,
	"properties" text NOT NULL,
	"import_id" bigint NOT NULL,
	"line" bigint NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"resolved_by" text NOT NULL,
	"resolved_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "replaced_versions" (
	"customer" text COLLATE "C" NOT NULL,
	"id" text COLLATE "C" NOT NULL,
	"meter" text COLLATE "C" NOT NULL,
	"time" timestamp(6) with time zone NOT NULL,
	"quantity" numeric NOT NULL,
	"properties" text NOT NULL,
	"import_id" bigint NOT NULL,
	"line" bigint NOT NULL,
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"offset" bigint NOT NULL,
	"idx" integer NOT NULL,
	"conflict_id" bigint NOT NULL,
	"resolved_by" text NOT NULL,
	"resolved_at" timestamp(6) with time zone NOT NULL,
	"control_epoch" integer NOT NULL,
	"control_partition" smallint NOT NULL,
	"control_offset" bigint NOT NULL,
	CONSTRAINT "replaced_versions_epoch_partition_offset_idx_pk" PRIMARY KEY("epoch","partition","offset","idx")
);
--> statement-breakpoint
CREATE TABLE "revivals" (
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"control_offset" bigint NOT NULL,
	"idx" integer NOT NULL,
	"month" integer NOT NULL,
	"customer" text COLLATE "C" NOT NULL,
	"meter" text COLLATE "C" NOT NULL,
	"time" timestamp(6) with time zone NOT NULL,
	"quantity" text NOT NULL,
	CONSTRAINT "revivals_epoch_partition_control_offset_idx_pk" PRIMARY KEY("epoch","partition","control_offset","idx")
);
--> statement-breakpoint
CREATE TABLE "voided_events" (
	"void_id" bigserial PRIMARY KEY NOT NULL,
	"customer" text COLLATE "C" NOT NULL,
	"id" text COLLATE "C" NOT NULL,
	"meter" text COLLATE "C" NOT NULL,
	"time" timestamp(6) with time zone NOT NULL,
	"quantity" numeric NOT NULL,
	"properties" text NOT NULL,
	"import_id" bigint NOT NULL,
	"line" bigint NOT NULL,
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"offset" bigint NOT NULL,
	"idx" integer NOT NULL,
	"undone_import_id" bigint NOT NULL,
	"accepted_epoch" integer,
	"accepted_partition" smallint,
	"accepted_offset" bigint,
	"accepted_idx" integer,
	"passed_on" boolean,
	"control_epoch" integer,
	"control_partition" smallint,
	"control_offset" bigint,
	"voided_at" timestamp(6) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "voids" (
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"control_offset" bigint NOT NULL,
	"chunk" integer NOT NULL,
	"month" integer NOT NULL,
	"position_epoch" integer NOT NULL,
	"position_partition" smallint NOT NULL,
	"offsets" bigint[] NOT NULL,
	"indexes" integer[] NOT NULL,
	CONSTRAINT "voids_epoch_partition_control_offset_chunk_pk" PRIMARY KEY("epoch","partition","control_offset","chunk")
);
--> statement-breakpoint
CREATE TABLE "log_batches" (
	"partition" smallint NOT NULL,
	"first_offset" bigint NOT NULL,
	"next_offset" bigint NOT NULL,
	"payload" text NOT NULL,
	CONSTRAINT "log_batches_partition_first_offset_pk" PRIMARY KEY("partition","first_offset")
);
--> statement-breakpoint
CREATE TABLE "log_partitions" (
	"partition" smallint PRIMARY KEY NOT NULL,
	"incarnation" text NOT NULL,
	"start_offset" bigint DEFAULT 0 NOT NULL,
	"next_offset" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "clickhouse_rebuilds" (
	"rebuild_id" bigserial PRIMARY KEY NOT NULL,
	"state" text DEFAULT 'requested' NOT NULL,
	"requested_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"requested_by" text NOT NULL,
	"started_at" timestamp(6) with time zone,
	"finished_at" timestamp(6) with time zone,
	"rows_copied" bigint DEFAULT 0 NOT NULL,
	"failure" text
);
--> statement-breakpoint
CREATE TABLE "reconciliation_cells" (
	"customer" text COLLATE "C" NOT NULL,
	"meter" text COLLATE "C" NOT NULL,
	"hour" timestamp(6) with time zone NOT NULL,
	"state" text NOT NULL,
	"postgres_quantity" numeric NOT NULL,
	"postgres_events" bigint NOT NULL,
	"clickhouse_quantity" numeric NOT NULL,
	"clickhouse_events" bigint NOT NULL,
	"checked_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "reconciliation_cells_customer_hour_meter_pk" PRIMARY KEY("customer","hour","meter")
);
--> statement-breakpoint
CREATE TABLE "reconciliation_progress" (
	"epoch" integer NOT NULL,
	"partition" smallint NOT NULL,
	"checked_offset" bigint NOT NULL,
	"checked_at" timestamp(6) with time zone NOT NULL,
	"up_to" timestamp(6) with time zone NOT NULL,
	CONSTRAINT "reconciliation_progress_epoch_partition_pk" PRIMARY KEY("epoch","partition")
);
--> statement-breakpoint
CREATE TABLE "reconciliation_runs" (
	"run_id" bigserial PRIMARY KEY NOT NULL,
	"customer" text COLLATE "C",
	"from_time" timestamp(6) with time zone,
	"to_time" timestamp(6) with time zone,
	"state" text DEFAULT 'requested' NOT NULL,
	"requested_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"requested_by" text NOT NULL,
	"started_at" timestamp(6) with time zone,
	"finished_at" timestamp(6) with time zone
);
--> statement-breakpoint
CREATE TABLE "billing_runs" (
	"run_id" bigserial PRIMARY KEY NOT NULL,
	"month" text NOT NULL,
	"customers" text[],
	"state" text DEFAULT 'requested' NOT NULL,
	"total" bigint,
	"done" bigint DEFAULT 0 NOT NULL,
	"done_to" text COLLATE "C" DEFAULT '' NOT NULL,
	"drafts" bigint DEFAULT 0 NOT NULL,
	"created" bigint DEFAULT 0 NOT NULL,
	"changed" bigint DEFAULT 0 NOT NULL,
	"untouched" bigint DEFAULT 0 NOT NULL,
	"empty" bigint DEFAULT 0 NOT NULL,
	"failed" bigint DEFAULT 0 NOT NULL,
	"failures" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"failure" jsonb,
	"requested_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"requested_by" text NOT NULL,
	"started_at" timestamp(6) with time zone,
	"finished_at" timestamp(6) with time zone
);
--> statement-breakpoint
CREATE TABLE "credit_note_charges" (
	"credit_note_id" bigint NOT NULL,
	"n" integer NOT NULL,
	"period_from" timestamp(6) with time zone NOT NULL,
	"period_to" timestamp(6) with time zone NOT NULL,
	"time_zone" text NOT NULL,
	"key" text NOT NULL,
	"kind" text NOT NULL,
	"meter" text COLLATE "C",
	"quantity" numeric NOT NULL,
	"amount" numeric NOT NULL,
	"hours" jsonb DEFAULT '[]'::jsonb NOT NULL,
	CONSTRAINT "credit_note_charges_credit_note_id_n_pk" PRIMARY KEY("credit_note_id","n")
);
--> statement-breakpoint
CREATE TABLE "credit_notes" (
	"credit_note_id" bigserial PRIMARY KEY NOT NULL,
	"number" text NOT NULL,
	"invoice_id" bigint NOT NULL,
	"reason" text NOT NULL,
	"content" jsonb NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"key_scope" text,
	"idempotency_key" text,
	"request_hash" text,
	CONSTRAINT "credit_notes_number_unique" UNIQUE("number")
);
--> statement-breakpoint
CREATE TABLE "customer_credits" (
	"entry_id" bigserial PRIMARY KEY NOT NULL,
	"customer" text COLLATE "C" NOT NULL,
	"currency" text NOT NULL,
	"invoice_id" bigint NOT NULL,
	"used_by" bigint,
	"amount" numeric NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "invoice_charges" (
	"invoice_id" bigint NOT NULL,
	"n" integer NOT NULL,
	"period_from" timestamp(6) with time zone NOT NULL,
	"period_to" timestamp(6) with time zone NOT NULL,
	"time_zone" text NOT NULL,
	"key" text NOT NULL,
	"kind" text NOT NULL,
	"meter" text COLLATE "C",
	"quantity" numeric NOT NULL,
	"amount" numeric NOT NULL,
	"hours" jsonb DEFAULT '[]'::jsonb NOT NULL,
	CONSTRAINT "invoice_charges_invoice_id_n_pk" PRIMARY KEY("invoice_id","n")
);
--> statement-breakpoint
CREATE TABLE "invoice_numbers" (
	"series" text PRIMARY KEY NOT NULL,
	"next" bigint DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "invoices" (
	"invoice_id" bigserial PRIMARY KEY NOT NULL,
	"number" text,
	"status" text DEFAULT 'draft' NOT NULL,
	"customer" text COLLATE "C" NOT NULL,
	"currency" text NOT NULL,
	"time_zone" text NOT NULL,
	"month" text NOT NULL,
	"period_from" timestamp(6) with time zone NOT NULL,
	"period_to" timestamp(6) with time zone NOT NULL,
	"as_of" timestamp(6) with time zone NOT NULL,
	"as_of_epoch" integer,
	"as_of_partition" smallint,
	"as_of_offset" bigint,
	"snapshot" jsonb NOT NULL,
	"terms" jsonb,
	"content_hash" text,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL,
	"finalized_at" timestamp(6) with time zone,
	"finalized_by" text,
	"voided_at" timestamp(6) with time zone,
	"voided_by" text,
	"void_reason" text,
	CONSTRAINT "invoices_number_unique" UNIQUE("number")
);
--> statement-breakpoint
CREATE TABLE "settled_periods" (
	"customer" text COLLATE "C" NOT NULL,
	"period_from" timestamp(6) with time zone NOT NULL,
	"period_to" timestamp(6) with time zone NOT NULL,
	"fingerprint" text NOT NULL,
	CONSTRAINT "settled_periods_customer_period_from_period_to_pk" PRIMARY KEY("customer","period_from","period_to")
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"key_id" bigserial PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"key_hash" text NOT NULL,
	"role" text NOT NULL,
	"customer" text COLLATE "C",
	"created_at" timestamp(6) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp(6) with time zone,
	"last_used_at" timestamp(6) with time zone,
	"last_used_from" text,
	"revoked_at" timestamp(6) with time zone,
	"revoked_by" text,
	CONSTRAINT "api_keys_name_unique" UNIQUE("name"),
	CONSTRAINT "api_keys_key_hash_unique" UNIQUE("key_hash"),
	CONSTRAINT "api_keys_customer" CHECK ((role = 'customer') = (customer IS NOT NULL))
);
--> statement-breakpoint
CREATE TABLE "audit_entries" (
	"entry_id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp(6) with time zone NOT NULL,
	"who" text NOT NULL,
	"address" text,
	"what" text NOT NULL,
	"subject" text NOT NULL,
	"reason" text,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "installation_secrets" (
	"name" text PRIMARY KEY NOT NULL,
	"secret" text NOT NULL,
	"created_at" timestamp(6) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "invoice_links" (
	"link_id" bigserial PRIMARY KEY NOT NULL,
	"invoice_id" bigint NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp(6) with time zone NOT NULL,
	"revoked_at" timestamp(6) with time zone,
	"revoked_by" text,
	"opened" bigint DEFAULT 0 NOT NULL,
	"last_opened_at" timestamp(6) with time zone
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"session_id" bigserial PRIMARY KEY NOT NULL,
	"token_hash" text NOT NULL,
	"user_id" bigint,
	"created_at" timestamp(6) with time zone NOT NULL,
	"last_seen_at" timestamp(6) with time zone NOT NULL,
	"expires_at" timestamp(6) with time zone NOT NULL,
	"address" text NOT NULL,
	"user_agent" text NOT NULL,
	CONSTRAINT "sessions_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "sign_in_failures" (
	"failure_id" bigserial PRIMARY KEY NOT NULL,
	"account" text NOT NULL,
	"address" text NOT NULL,
	"at" timestamp(6) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sign_in_links" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"expires_at" timestamp(6) with time zone NOT NULL,
	"used_at" timestamp(6) with time zone
);
--> statement-breakpoint
CREATE TABLE "user_links" (
	"token_hash" text PRIMARY KEY NOT NULL,
	"user_id" bigint NOT NULL,
	"purpose" text NOT NULL,
	"created_at" timestamp(6) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp(6) with time zone NOT NULL,
	"used_at" timestamp(6) with time zone
);
--> statement-breakpoint
CREATE TABLE "users" (
	"user_id" bigserial PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"customer" text COLLATE "C",
	"password_hash" text,
	"password_at" timestamp(6) with time zone,
	"issuer" text,
	"subject" text,
	"created_at" timestamp(6) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"last_seen_at" timestamp(6) with time zone,
	"disabled_at" timestamp(6) with time zone,
	"disabled_by" text,
	CONSTRAINT "users_email_unique" UNIQUE("email"),
	CONSTRAINT "users_customer" CHECK ((role = 'customer') = (customer IS NOT NULL))
);
--> statement-breakpoint
ALTER TABLE "invoice_links" ADD CONSTRAINT "invoice_links_invoice_id_invoices_invoice_id_fk" FOREIGN KEY ("invoice_id") REFERENCES "public"."invoices"("invoice_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("user_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "user_links" ADD CONSTRAINT "user_links_user_id_users_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("user_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "customers_unassigned" ON "customers" USING btree ("id") WHERE updated_at IS NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "dead_letters_position" ON "dead_letters" USING btree ("epoch","partition","offset","idx");--> statement-breakpoint
CREATE UNIQUE INDEX "dead_letters_counted" ON "dead_letters" USING btree ("import_id","line","meter") WHERE is_counted;--> statement-breakpoint
CREATE INDEX "dead_letters_unpublished" ON "dead_letters" USING btree ("dead_letter_id") WHERE published_at IS NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "imports_idempotency_key" ON "imports" USING btree ("key_scope","idempotency_key");--> statement-breakpoint
CREATE INDEX "imports_unfinished" ON "imports" USING btree ("status") WHERE status IN ('received', 'publishing', 'settling', 'undoing');--> statement-breakpoint
CREATE UNIQUE INDEX "usage_records_identity" ON "usage_records" USING btree ("customer","id");--> statement-breakpoint
CREATE INDEX "usage_records_time" ON "usage_records" USING btree ("time","epoch","partition","offset","idx");--> statement-breakpoint
CREATE INDEX "usage_records_customer_time" ON "usage_records" USING btree ("customer","time","epoch","partition","offset","idx");--> statement-breakpoint
CREATE INDEX "usage_records_import" ON "usage_records" USING brin ("import_id") WITH (pages_per_range=16,autosummarize=true);--> statement-breakpoint
CREATE INDEX "usage_records_position" ON "usage_records" USING brin ("offset","epoch") WITH (pages_per_range=16,autosummarize=true);--> statement-breakpoint
CREATE INDEX "witnesses_import" ON "witnesses" USING brin ("import_id") WITH (pages_per_range=16,autosummarize=true);--> statement-breakpoint
CREATE INDEX "customer_plans_plan" ON "customer_plans" USING btree ("plan_id","customer_id");--> statement-breakpoint
CREATE INDEX "rollup_ranges_pending" ON "rollup_ranges" USING btree ("epoch","partition") WHERE state = 'PENDING';--> statement-breakpoint
CREATE UNIQUE INDEX "conflicts_delivery" ON "conflicts" USING btree ("customer","id","import_id","line","meter");--> statement-breakpoint
CREATE INDEX "conflicts_import" ON "conflicts" USING btree ("import_id");--> statement-breakpoint
CREATE INDEX "conflicts_stranded" ON "conflicts" USING btree ("import_id") WHERE stranded;--> statement-breakpoint
CREATE INDEX "conflicts_undecided" ON "conflicts" USING btree ("conflict_id") WHERE status <> 'resolved' AND keep IS NULL;--> statement-breakpoint
CREATE INDEX "conflicts_under_way" ON "conflicts" USING btree ("resolved_at") WHERE keep = 'this' OR (keep = 'first' AND status <> 'resolved');--> statement-breakpoint
CREATE UNIQUE INDEX "kept_versions_delivery" ON "kept_versions" USING btree ("customer","id","import_id","line","meter");--> statement-breakpoint
CREATE INDEX "kept_versions_import" ON "kept_versions" USING btree ("import_id");--> statement-breakpoint
CREATE INDEX "replaced_versions_customer_time" ON "replaced_versions" USING btree ("customer","time","epoch","partition","offset","idx");--> statement-breakpoint
CREATE UNIQUE INDEX "voided_events_time" ON "voided_events" USING btree ("time","epoch","partition","offset","idx");--> statement-breakpoint
CREATE INDEX "voided_events_accepted" ON "voided_events" USING btree ("customer","time","accepted_epoch","accepted_partition","accepted_offset","accepted_idx");--> statement-breakpoint
CREATE INDEX "voided_events_import" ON "voided_events" USING brin ("import_id") WITH (pages_per_range=16,autosummarize=true);--> statement-breakpoint
CREATE INDEX "clickhouse_rebuilds_open" ON "clickhouse_rebuilds" USING btree ("rebuild_id") WHERE state IN ('requested', 'copying');--> statement-breakpoint
CREATE INDEX "reconciliation_runs_open" ON "reconciliation_runs" USING btree ("run_id") WHERE state <> 'done';--> statement-breakpoint
CREATE INDEX "billing_runs_open" ON "billing_runs" USING btree ("run_id") WHERE state NOT IN ('done', 'failed');--> statement-breakpoint
CREATE INDEX "credit_notes_invoice" ON "credit_notes" USING btree ("invoice_id");--> statement-breakpoint
CREATE UNIQUE INDEX "credit_notes_idempotency_key" ON "credit_notes" USING btree ("key_scope","idempotency_key");--> statement-breakpoint
CREATE INDEX "customer_credits_customer" ON "customer_credits" USING btree ("customer","entry_id");--> statement-breakpoint
CREATE UNIQUE INDEX "invoices_open" ON "invoices" USING btree ("customer","month") WHERE status <> 'void';--> statement-breakpoint
CREATE INDEX "invoices_customer_period" ON "invoices" USING btree ("customer","period_from");--> statement-breakpoint
CREATE INDEX "invoices_month" ON "invoices" USING btree ("month","invoice_id");--> statement-breakpoint
CREATE INDEX "audit_entries_subject" ON "audit_entries" USING btree ("subject","entry_id");--> statement-breakpoint
CREATE INDEX "audit_entries_who" ON "audit_entries" USING btree ("who","entry_id");--> statement-breakpoint
CREATE INDEX "audit_entries_at" ON "audit_entries" USING btree ("at");--> statement-breakpoint
CREATE INDEX "invoice_links_invoice" ON "invoice_links" USING btree ("invoice_id");--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sign_in_failures_account" ON "sign_in_failures" USING btree ("account","at");--> statement-breakpoint
CREATE INDEX "sign_in_failures_address" ON "sign_in_failures" USING btree ("address","at");--> statement-breakpoint
CREATE INDEX "user_links_user" ON "user_links" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "users_subject" ON "users" USING btree ("issuer","subject");