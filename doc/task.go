package doc

import "context"

// A task is something that the document's goroutine does with its State between turns, where everything is durable.
type task struct {
	run  func(*State)
	done chan struct{} // closed when it was done, and what it changed is published
}

// runTasks does what waits in the inbox.
func (d *Document) runTasks() {
	d.mu.Lock()
	tasks := d.tasks
	d.tasks = nil
	d.mu.Unlock()
	for _, t := range tasks {
		t.run(d.state)
		d.publish(nil, false)
		close(t.done)
	}
}

// do has the document run a task, and waits for it. errUnloaded: it was not run, and is not any more.
func (d *Document) do(ctx context.Context, run func(*State)) error {
	t := &task{run: run, done: make(chan struct{})}
	if !d.post(func() { d.tasks = append(d.tasks, t) }) {
		return errUnloaded
	}
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return ctx.Err() // it may still run
	case <-d.gone:
	}
	select {
	case <-t.done:
		return nil
	default:
		return errUnloaded
	}
}
