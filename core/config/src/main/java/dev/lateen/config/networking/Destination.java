package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Required;
import org.jspecify.annotations.Nullable;

/**
 * A service, or a subset of it, that requests go to.
 *
 * @param host short names are of the namespace of the object that says so
 * @param subset a subset of the host's DestinationRule; empty for the whole service
 * @param port null where the service has one port only
 */
public record Destination(
        @Required String host, String subset, @Nullable PortSelector port) implements Checked {
    @Override
    public void check(Findings findings) {
        HostNames.checkService(host, "host", findings);
        if (!subset.isEmpty()) {
            Subsets.check(subset, "subset", findings);
        }
    }
}
