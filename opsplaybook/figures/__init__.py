"""Charts: from a tidy frame to a shown `Chart`, with its description computed from what is drawn.

No function here computes a statistic: intervals, rates and references come with the frame.
Title and subtitle are not in the picture; they stand in the page, where they can be searched.
"""

from opsplaybook.figures.comparisons import plot_dumbbell, plot_intervals, plot_target_bars
from opsplaybook.figures.curves import plot_distribution, plot_survival
from opsplaybook.figures.funnels import plot_funnel
from opsplaybook.figures.heatmaps import plot_heatmap
from opsplaybook.figures.panels import plot_panels
from opsplaybook.figures.shares import plot_share_bars
from opsplaybook.figures.trends import plot_lines, plot_period_bars
from opsplaybook.figures.waterfalls import plot_waterfall

__all__ = [
    "plot_distribution",
    "plot_dumbbell",
    "plot_funnel",
    "plot_heatmap",
    "plot_intervals",
    "plot_lines",
    "plot_panels",
    "plot_period_bars",
    "plot_share_bars",
    "plot_survival",
    "plot_target_bars",
    "plot_waterfall",
]
