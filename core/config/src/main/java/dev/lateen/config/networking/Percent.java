package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;

/**
 * A share of all.
 *
 * @param value from 0.0 to 100.0
 */
public record Percent(double value) implements Checked {
    @Override
    public void check(Findings findings) {
        if (!(value >= 0 && value <= 100)) {
            findings.error("value", "must be from 0 to 100, found " + value);
        }
    }
}
