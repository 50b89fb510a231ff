package child

import "syscall"

// DieWithParent has the kernel kill the child when this process is gone, however it went.
func DieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
