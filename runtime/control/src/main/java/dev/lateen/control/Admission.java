package dev.lateen.control;

import dev.lateen.config.ConfigObject;
import dev.lateen.config.Problem;
import dev.lateen.control.ca.MeshAuthority;
import dev.lateen.control.inject.InjectionSettings;
import dev.lateen.control.webhook.InjectionValues;
import dev.lateen.control.webhook.WebhookConfigurations;
import dev.lateen.control.webhook.Webhooks;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.Validation;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a control plane decides before the cluster stores pods and rules: its port of webhooks, and their configurations. */
final class Admission implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Admission.class);

    /** How long an object may take from the cluster's store to the sources. */
    private static final Duration ON_ITS_WAY = Duration.ofMillis(50);

    private final KubernetesClient client;
    private final ControlOptions options;
    private final Supplier<Snapshot> snapshot;
    private final Consumer<String> counted;
    private final Consumer<String> exceeded;
    private final InjectionValues values;
    private volatile @Nullable HttpPort port;
    private volatile @Nullable WebhookConfigurations configurations;

    /**
     * @param snapshot the one of now
     * @param counted takes the name of a metric for each thing that it counts
     * @param exceeded takes the name of a limit each time that a caller is cut off for it
     */
    Admission(
            KubernetesClient client,
            ControlOptions options,
            Supplier<Snapshot> snapshot,
            Consumer<String> counted,
            Consumer<String> exceeded) {
        this.client = client;
        this.options = options;
        this.snapshot = snapshot;
        this.counted = counted;
        this.exceeded = exceeded;
        this.values = new InjectionValues(client, options.systemNamespace());
    }

    /** Begins to read what it needs; completes when all of it was asked for once. */
    CompletableFuture<Void> start() {
        return values.start();
    }

    /**
     * Opens the port and has the API server trust it.
     *
     * @param authority that signs the port's certificate
     * @throws IOException if the port is taken
     */
    void serve(MeshAuthority authority) throws IOException {
        HttpPort opened = WebhookPort.open(
                options.address(options.webhookPort()),
                authority.serverTls(),
                new Webhooks(this::settings, this::oddities, counted),
                exceeded);
        port = opened;
        log.info("Serving admission webhooks on port {}", opened.port());
        WebhookConfigurations kept = new WebhookConfigurations(
                client, options.systemNamespace(), authority::rootCertificates, authority::newestRootCertificates);
        configurations = kept;
        kept.start();
    }

    private InjectionSettings settings() {
        Snapshot now = snapshot.get();
        return values.settings().with(now.mesh(), now.config().values());
    }

    /** What is not there is looked for once more, as it may have been stored just before. */
    private List<Problem> oddities(ConfigObject<?> object) {
        List<Problem> found = Validation.oddities(object, snapshot.get());
        if (found.isEmpty()) {
            return found;
        }
        try {
            TimeUnit.NANOSECONDS.sleep(ON_ITS_WAY.plus(options.quiet()).toNanos());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Validation.oddities(object, snapshot.get());
    }

    /** 0 before it is open. */
    int port() {
        HttpPort opened = port;
        return opened == null ? 0 : opened.port();
    }

    @Override
    public void close() {
        WebhookConfigurations kept = configurations;
        if (kept != null) {
            kept.close();
        }
        HttpPort opened = port;
        if (opened != null) {
            opened.close();
        }
        values.close();
    }
}
