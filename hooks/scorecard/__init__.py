"""The Production-Readiness Scorecard: how far a repository is from production, what decided that, and what to mend first."""
