"""When a site is next due: pure formulas over the times at which the site published. They read no clock."""
