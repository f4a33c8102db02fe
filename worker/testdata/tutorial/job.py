"""The job: the largest Fibonacci number below a limit."""


def fibonacci_below(limit):
    last, following = 0, 1
    while following < limit:
        last, following = following, last + following
    return last
