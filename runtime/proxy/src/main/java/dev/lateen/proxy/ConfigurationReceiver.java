package dev.lateen.proxy;

import dev.lateen.proxy.config.ConfigurationFile;
import dev.lateen.proxy.config.SavedConfiguration;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxy.dns.NameServer;
import dev.lateen.xds.client.ResourceListener;
import dev.lateen.xds.client.ResourceUpdate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands what the control plane says to who it is for: names to the DNS server, all else to the configuration. Knows what of
 * it is kept on disk, and takes that back.
 */
final class ConfigurationReceiver implements ResourceListener {
    /** How long the control plane may take to say something, before what was in force last is taken from disk. */
    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(ConfigurationReceiver.class);

    private final XdsConfiguration configuration;
    private final @Nullable NameServer dns;
    private volatile @Nullable ResourceUpdate nameTable;

    /** @param dns null where names are not answered here */
    ConfigurationReceiver(XdsConfiguration configuration, @Nullable NameServer dns) {
        this.configuration = configuration;
        this.dns = dns;
    }

    @Override
    public Optional<String> onUpdate(ResourceUpdate update) {
        NameServer names = dns;
        if (names == null || !update.type().equals(NameServer.TYPE)) {
            return configuration.onUpdate(update);
        }
        Optional<String> refusal = names.onUpdate(update);
        if (refusal.isEmpty()) {
            nameTable = update;
        }
        return refusal;
    }

    @Override
    public void onConnection(boolean works, String detail) {
        configuration.onConnection(works, detail);
    }

    /** What is kept on disk; nothing while it is not whole. */
    List<ResourceUpdate> savable() {
        List<ResourceUpdate> all = new ArrayList<>(configuration.savable());
        ResourceUpdate names = nameTable;
        if (!all.isEmpty() && names != null) {
            all.add(names);
        }
        return all;
    }

    /** Takes what was kept, unless the control plane has said something: what was in force last is better than nothing. */
    void restore(ConfigurationFile file, String controlPlane) {
        SavedConfiguration saved = configuration.heard() ? null : file.read();
        if (saved == null || !configuration.restore(saved)) {
            return;
        }
        NameServer names = dns;
        if (names != null && nameTable == null) {
            saved.of(NameServer.TYPE).forEach(names::onUpdate);
        }
        LOG.warn(
                "the control plane {} has not answered for {} s: until it does, the configuration of {} is in force, which was"
                        + " kept {} s ago in {}; certificates are not kept, and what needs one waits for it",
                controlPlane,
                PATIENCE.toSeconds(),
                saved.saved(),
                Duration.between(saved.saved(), Instant.now()).toSeconds(),
                file.path());
    }
}
