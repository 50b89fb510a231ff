//go:build !linux

package child

import "syscall"

// DieWithParent is nothing that can be asked for here.
func DieWithParent() *syscall.SysProcAttr { return nil }
