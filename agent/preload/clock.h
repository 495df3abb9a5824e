/*
 * libclock: preloaded into a benchmark program by `run --clock cpu` (LD_PRELOAD), it answers the
 * monotonic clock with CPU time. Not part of the agent: a library of its own that shares no code
 * with it, embedded in it as bytes (run/cpu_clock.h).
 *
 * The clock of the measuring thread is
 *
 *     what it said at the beginning + the thread's CPU time since + time that it was blocked
 *
 * that is, real time without the time that the thread could have run and another program had the
 * CPU. At other times, and in every other thread and child process, the clock is the real one;
 * it is never ahead of that, and never goes back. The time of a thread that sleeps or waits goes by
 * as ever, so that no loop over a clock spins or hangs; a benchmark that does so is reported, and
 * the agent refuses it.
 *
 * Which thread, when, and what is judged is the rule that $LANCE_BENCH_CLOCK_RULE names:
 *
 *   phases   Criterion prints what it does. From "Benchmarking NAME: Warming up" until
 * "Benchmarking NAME: Analyzing" the thread that said so measures; judged is what lies between
 *            "Collecting" and "Analyzing".
 *   libtest  The main thread measures, all the time. "test NAME ... bench:" ends a benchmark;
 * judged is what lies between the thread's first read of the clock since the line before and its
 * last one. program  The main thread measures, all the time; judged, as one, is what lies between
 * its first and its last read of the clock: whoever times something reads the clock before and
 *            after it. A program that ends by _exit() or a signal says nothing.
 *
 * Blocked or preempted? The gap between real time and CPU time that has grown since the last look
 * is time off the CPU. Without a voluntary context switch in it (getrusage) the thread was
 * preempted. With one it was blocked, but for the part that the kernel says it waited for a CPU
 * (/proc/thread-self/schedstat, second number).
 *
 * Absolute deadlines that the program has computed from this clock are moved to the real one:
 * clock_nanosleep, pthread_cond_timedwait, pthread_cond_clockwait, pthread_mutex_clocklock,
 * sem_clockwait, and futex through syscall(), which is what Rust's standard library uses. Timers
 * of the kernel (timerfd_settime, timer_settime) are not. Relative times need nothing.
 *
 * The report. $LANCE_BENCH_CLOCK names a file. A line is added to it when the clock is first
 * needed, and one for each benchmark, of its samples without the warm-up:
 *
 *     clock 1 READ_PS
 *     benchmark CPU_NS BLOCKED_NS OTHERS_NS PREEMPTED_NS READS NAME
 *
 * READ_PS: what a read of the clock costs, in thousandths of a nanosecond. OTHERS_NS: CPU time of
 * the process's other threads. Without the variable the library does nothing. It takes itself out
 * of the environment, so that child processes live on real time.
 *
 * It links against nothing, so that it runs on older and newer libraries than it was built with.
 */
#pragma once

#define CLOCK_REPORT_ENV "LANCE_BENCH_CLOCK"
#define CLOCK_REPORT_VERSION 1

#define CLOCK_RULE_ENV "LANCE_BENCH_CLOCK_RULE"
#define CLOCK_RULE_PHASES "phases"
#define CLOCK_RULE_LIBTEST "libtest"
#define CLOCK_RULE_PROGRAM "program"
#define CLOCK_PROGRAM "the program" /* what the one line of CLOCK_RULE_PROGRAM is called */
