package dev.lateen.control.webhook;

import dev.lateen.config.Kinds;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Keeps the mesh's two webhook configurations in force, where they are installed: the API server is told whom to trust,
 * whenever that changes or somebody else has changed it; and once it is seen to reach the webhooks, rules fail closed.
 * Several control planes may do so at once: whoever finds other trust than its own looks at the authority's Secrets before
 * it writes, so that none undoes what one that knows more has written.
 */
public final class WebhookConfigurations implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WebhookConfigurations.class);

    /** While something is still to be done, and when nothing is. */
    private static final Duration SOON = Duration.ofMillis(250);

    private static final Duration LATER = Duration.ofSeconds(10);

    private static final ResourceDefinitionContext GATEWAYS = new ResourceDefinitionContext.Builder()
            .withGroup(Kinds.GATEWAY.group())
            .withVersion(Kinds.GATEWAY.versions().getFirst())
            .withKind(Kinds.GATEWAY.name())
            .withPlural(Kinds.GATEWAY.plural())
            .withNamespaced(true)
            .build();

    private final KubernetesClient client;
    private final String systemNamespace;
    private final Supplier<String> trust;
    private final Supplier<String> newest;
    private final Watched injector;
    private final Watched validator;
    private final ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("webhook-configurations").factory());

    private String complaint = "";

    /** One configuration. */
    private record Watched(
            MixedOperation<
                            GenericKubernetesResource,
                            GenericKubernetesResourceList,
                            Resource<GenericKubernetesResource>>
                    all,
            SharedIndexInformer<GenericKubernetesResource> informer) {
        /** As it was seen last; null where there is none. */
        @Nullable
        ObjectNode current() {
            return informer.getStore().list().stream()
                    .findFirst()
                    .map(found -> (ObjectNode) JsonMapper.shared().readTree(Serialization.asJson(found)))
                    .orElse(null);
        }
    }

    /**
     * @param trust the certificates to trust, in PEM
     * @param newest the same, after a look at where they come from
     */
    public WebhookConfigurations(
            KubernetesClient client, String systemNamespace, Supplier<String> trust, Supplier<String> newest) {
        this.client = client;
        this.systemNamespace = systemNamespace;
        this.trust = trust;
        this.newest = newest;
        this.injector = watched("MutatingWebhookConfiguration", "istio-sidecar-injector");
        this.validator = watched("ValidatingWebhookConfiguration", "istio-validator-" + systemNamespace);
    }

    private Watched watched(String kind, String name) {
        var all = client.genericKubernetesResources(new ResourceDefinitionContext.Builder()
                .withGroup("admissionregistration.k8s.io")
                .withVersion("v1")
                .withKind(kind)
                .withPlural(kind.toLowerCase(Locale.ROOT) + "s")
                .withNamespaced(false)
                .build());
        SharedIndexInformer<GenericKubernetesResource> informer =
                all.withName(name).runnableInformer(0);
        informer.addEventHandler(new ResourceEventHandler<>() {
            @Override
            public void onAdd(GenericKubernetesResource object) {
                soon();
            }

            @Override
            public void onUpdate(GenericKubernetesResource before, GenericKubernetesResource now) {
                soon();
            }

            @Override
            public void onDelete(GenericKubernetesResource object, boolean stateUnknown) {
                // Nothing is to be kept then.
            }
        });
        informer.exceptionHandler((_, failure) -> {
            complain(kind + " " + name + " cannot be watched, trying again: " + failure.getMessage());
            return true;
        });
        return new Watched(all, informer);
    }

    /** Begins; the webhooks are served. */
    public void start() {
        var _ = injector.informer.start();
        var _ = validator.informer.start();
        worker.execute(this::look);
    }

    private void soon() {
        if (!worker.isShutdown()) {
            worker.execute(this::check);
        }
    }

    /** Looks again and again. */
    private void look() {
        Duration pause = check() ? LATER : SOON;
        if (!worker.isShutdown()) {
            var _ = worker.schedule(this::look, pause.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Whether nothing is left to be done. */
    private boolean check() {
        try {
            boolean injection = keep(injector);
            boolean validation = keep(validator);
            return injection && validation && close(validator);
        } catch (RuntimeException e) {
            if (!worker.isShutdown()) {
                complain("The webhooks' configurations cannot be kept, trying again: " + e.getMessage());
            }
            return false;
        }
    }

    private boolean keep(Watched watched) {
        ObjectNode current = watched.current();
        if (current == null || WebhookTrust.trusting(current, encoded(trust)).equals(current)) {
            return true;
        }
        String bundle = encoded(newest);
        write(watched, configuration -> WebhookTrust.trusting(configuration, bundle));
        return false;
    }

    private boolean close(Watched watched) {
        ObjectNode current = watched.current();
        if (current == null || WebhookTrust.closed(current).equals(current)) {
            return true;
        }
        if (answers()) {
            write(watched, WebhookTrust::closed);
            log.info("Rules are checked before they are stored, and refused while that cannot be done");
        }
        return false;
    }

    /** Changes what was seen last, unless it has changed meanwhile. */
    private void write(Watched watched, UnaryOperator<ObjectNode> change) {
        ObjectNode current = watched.current();
        ObjectNode next = current == null ? null : change.apply(current);
        if (next == null || next.equals(current)) {
            return;
        }
        try {
            watched.all
                    .resource(Serialization.unmarshal(next.toString(), GenericKubernetesResource.class))
                    .update();
            log.info("Wrote {}", next.path("metadata").path("name").asString(""));
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_CONFLICT && e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
            // Somebody was faster; what is there now comes as an event.
        }
    }

    /** Whether the API server reaches the webhooks: then it refuses what is wrong, when asked without storing it. */
    private boolean answers() {
        try {
            client.genericKubernetesResources(GATEWAYS)
                    .inNamespace(systemNamespace)
                    .resource(wrong())
                    .dryRun()
                    .create();
            return false;
        } catch (KubernetesClientException e) {
            boolean denied = String.valueOf(e.getMessage()).contains("denied the request");
            if (!denied) {
                complain("Whether the API server reaches port 15017 could not be tried: " + e.getMessage());
            }
            return denied;
        }
    }

    /** A Gateway that is wrong in nothing that its definition could see. */
    private GenericKubernetesResource wrong() {
        return Serialization.unmarshal("""
                {"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
                 "metadata": {"name": "istiod-asks-itself", "namespace": "%s"},
                 "spec": {"servers": [{"port": {"number": 1, "name": "none", "protocol": "NONE"}, "hosts": ["*"]}]}}
                """.formatted(systemNamespace), GenericKubernetesResource.class);
    }

    private static String encoded(Supplier<String> certificates) {
        return Base64.getEncoder().encodeToString(certificates.get().getBytes(StandardCharsets.UTF_8));
    }

    /** Says the same only once. */
    private synchronized void complain(String what) {
        if (!what.equals(complaint)) {
            complaint = what;
            log.warn("{}", what);
        }
    }

    @Override
    public void close() {
        injector.informer.stop();
        validator.informer.stop();
        worker.shutdownNow();
    }
}
