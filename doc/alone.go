package doc

import "context"

// Alone calls f while the document called name is in nobody's memory: its sessions have ended with ErrOpenAgain, and opens wait until f
// returns. It is for what is done to a document at the store, beside the rules.
func (r *Registry) Alone(ctx context.Context, name string, f func() error) error {
	release, err := r.hold(ctx, name, ErrOpenAgain)
	if err != nil {
		return err
	}
	defer release()
	return f()
}
