package store

import (
	"context"
	"fmt"

	"clientele/registry"
)

// reportBatch is how many applications a report reads in one transaction, so
// that none is held open for as long as somebody downloads.
const reportBatch = 200

// ApplicationsReport passes every line of the report of living applications
// with their scopes and permissions to yield, by application name, and records
// that it was downloaded. It needs the permission to view applications. It
// fails before the first line, or with what yield returns.
func (db *DB) ApplicationsReport(ctx context.Context, by registry.Actor, yield func(registry.ReportLine) error) error {
	what := intent{action: "application.download", need: registry.ViewApplications, target: registry.Target{Type: "report", ID: "applications", Name: "Applications"}}
	err := db.change(ctx, by, what, func(*tx) (registry.Event, error) { return registry.Event{}, nil })
	if err != nil {
		return fmt.Errorf("report applications: %w", err)
	}
	catalogue, err := db.Catalogue(ctx)
	if err != nil {
		return fmt.Errorf("report applications: %w", err)
	}
	for cursor := ""; ; {
		records, next, err := db.ApplicationRecords(ctx, by, cursor, reportBatch)
		if err != nil {
			return fmt.Errorf("report applications: %w", err)
		}
		for _, record := range records {
			for _, line := range registry.Report(record, catalogue) {
				if err := yield(line); err != nil {
					return err
				}
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}
