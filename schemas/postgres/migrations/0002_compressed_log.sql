-- Events that were appended before stay as they are: text that is not compressed.
ALTER TABLE "log_batches" ALTER COLUMN "payload" SET DATA TYPE bytea USING convert_to("payload", 'UTF8');--> statement-breakpoint
-- What is compressed gets no smaller by a second try.
ALTER TABLE "log_batches" ALTER COLUMN "payload" SET STORAGE EXTERNAL;--> statement-breakpoint
ALTER TABLE "log_batches" ADD COLUMN "payload_bytes" integer;--> statement-breakpoint
UPDATE "log_batches" SET "payload_bytes" = octet_length("payload");--> statement-breakpoint
ALTER TABLE "log_batches" ALTER COLUMN "payload_bytes" SET NOT NULL;
