package dev.lateen.control.install;

import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.control.webhook.WebhookTrust;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.MutatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.KubernetesClientTimeoutException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Puts the mesh into a cluster and takes it out again. Both may be repeated: a second install brings everything to what
 * it should be, a second uninstall finds nothing. Only objects that carry the installer's label are ever changed or
 * removed.
 */
public final class MeshInstaller {
    /** Definitions of these kinds belong to whoever brought them first. */
    private static final String GATEWAY_API = ".gateway.networking.k8s.io";

    private static final String EVERYTHING = "grafana.enabled=true,servicegraph.enabled=true,tracing.enabled=true";
    private static final String ROOT_CERTIFICATE = "istio-ca-root-cert";

    private final KubernetesClient client;
    private final Consumer<String> progress;
    private final Duration patience;

    /**
     * @param progress takes a line for each thing done
     * @param patience how long to wait for the mesh to be ready, or gone
     */
    public MeshInstaller(KubernetesClient client, Consumer<String> progress, Duration patience) {
        this.client = client;
        this.progress = progress;
        this.patience = patience;
    }

    /**
     * Installs, and returns when control plane and gateway are ready.
     *
     * @throws InstallException if the cluster does not answer, forbids it, holds another mesh under the same names, or
     *     the mesh does not get ready in time
     */
    public void install(InstallFlags flags) throws InstallException {
        try {
            List<HasMetadata> objects = MeshManifest.of(flags, isLocal());
            refuseForeign(objects);
            flags.absent().forEach(progress);
            objects.forEach(this::apply);
            for (HasMetadata object : objects) {
                switch (object) {
                    case CustomResourceDefinition definition -> awaitEstablished(definition);
                    case Deployment deployment -> awaitReady(deployment);
                    case MutatingWebhookConfiguration webhooks -> awaitInForce(webhooks);
                    case ValidatingWebhookConfiguration webhooks -> awaitInForce(webhooks);
                    default -> {}
                }
            }
            tellAddress();
        } catch (KubernetesClientException e) {
            throw new InstallException(explain(e), e);
        }
    }

    /**
     * Removes what {@link #install} made, definitions of kinds with all their objects too, which are named first.
     *
     * @throws InstallException if the cluster does not answer or forbids it, or something is not gone in time
     */
    public void uninstall() throws InstallException {
        try {
            List<HasMetadata> objects = MeshManifest.of(InstallFlags.parse(List.of(EVERYTHING)), isLocal())
                    .reversed();
            nameCustomObjects();
            int removed = 0;
            for (HasMetadata object : objects) {
                HasMetadata current = current(object);
                if (current != null && MeshManifest.isMarked(current)) {
                    client.resource(current).delete();
                    progress.accept("deleted " + name(object));
                    removed++;
                } else if (current != null) {
                    progress.accept("kept " + name(object) + ": it was not installed by lateen");
                }
            }
            if (removed == 0) {
                progress.accept("nothing to remove: no mesh is installed in this cluster");
                return;
            }
            for (HasMetadata object : objects) {
                awaitGone(object);
            }
            // The control plane, which is gone now, had put its root certificate into every namespace.
            client.configMaps()
                    .inAnyNamespace()
                    .withField("metadata.name", ROOT_CERTIFICATE)
                    .list()
                    .getItems()
                    .forEach(map -> client.resource(map).delete());
        } catch (KubernetesClientException e) {
            throw new InstallException(explain(e), e);
        }
    }

    private boolean isLocal() {
        return client.nodes().list().getItems().stream()
                .map(node -> node.getMetadata().getLabels())
                .anyMatch(labels -> labels != null && "true".equals(labels.get("lateen.dev/local")));
    }

    private void refuseForeign(List<HasMetadata> objects) throws InstallException {
        for (HasMetadata object : objects) {
            HasMetadata current = current(object);
            boolean shared = object.getKind().equals("Namespace")
                    || object.getMetadata().getName().endsWith(GATEWAY_API);
            if (current != null && !MeshManifest.isMarked(current) && !shared) {
                throw new InstallException(name(object)
                        + " exists already and was not installed by lateen; remove the other mesh first, or give this"
                        + " one object the label " + MeshManifest.MARK + "=" + MeshManifest.MARK_VALUE
                        + " to let it be replaced");
            }
        }
    }

    private void apply(HasMetadata object) {
        HasMetadata current = current(object);
        if (current == null) {
            client.resource(object).create();
            progress.accept("created " + name(object));
            return;
        }
        if (!MeshManifest.isMarked(current)) {
            return;
        }
        boolean webhooks =
                object instanceof MutatingWebhookConfiguration || object instanceof ValidatingWebhookConfiguration;
        String next = Serialization.asJson(object);
        HasMetadata patched = client.resource(object)
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        webhooks ? WebhookTrust.kept(next, Serialization.asJson(current)) : next);
        boolean same = Objects.equals(
                patched.getMetadata().getResourceVersion(),
                current.getMetadata().getResourceVersion());
        progress.accept((same ? "unchanged " : "configured ") + name(object));
    }

    private @Nullable HasMetadata current(HasMetadata object) {
        return client.resource(object).get();
    }

    private void awaitEstablished(CustomResourceDefinition definition) throws InstallException {
        await(
                definition,
                "established",
                current -> current != null
                        && current.getStatus() != null
                        && current.getStatus().getConditions().stream()
                                .anyMatch(c -> c.getType().equals("Established") && "True".equals(c.getStatus())));
    }

    private void awaitReady(Deployment deployment) throws InstallException {
        progress.accept("waiting for " + name(deployment));
        await(
                deployment,
                "ready",
                current -> current != null
                        && current.getStatus() != null
                        && Objects.equals(
                                current.getStatus().getObservedGeneration(),
                                current.getMetadata().getGeneration())
                        && count(current.getStatus().getReadyReplicas())
                                >= count(current.getSpec().getReplicas())
                        && count(current.getStatus().getUpdatedReplicas())
                                >= count(current.getSpec().getReplicas()));
        progress.accept("ready " + name(deployment));
    }

    /** The control plane puts them in force, once the API server reaches it. */
    private void awaitInForce(HasMetadata webhooks) throws InstallException {
        await(
                webhooks,
                "in force",
                current -> current != null && WebhookTrust.isInForce(Serialization.asJson(current)));
    }

    private void awaitGone(HasMetadata object) throws InstallException {
        await(object, "gone", current -> current == null || !MeshManifest.isMarked(current));
    }

    private <T extends HasMetadata> void await(
            T object, String wanted, java.util.function.Predicate<@Nullable T> condition) throws InstallException {
        try {
            client.resource(object).waitUntilCondition(condition, patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (KubernetesClientTimeoutException e) {
            throw new InstallException(
                    name(object) + " is not " + wanted + " after " + patience.toSeconds() + " s; see: kubectl -n "
                            + MeshManifest.NAMESPACE + " get pods,events",
                    e);
        }
    }

    private void tellAddress() {
        Service gateway = client.services()
                .inNamespace(MeshManifest.NAMESPACE)
                .withName("istio-ingressgateway")
                .get();
        if (gateway != null
                && gateway.getStatus() != null
                && gateway.getStatus().getLoadBalancer() != null) {
            gateway.getStatus().getLoadBalancer().getIngress().stream()
                    .map(MeshInstaller::address)
                    .forEach(address -> progress.accept("ingress gateway at " + address));
        }
    }

    /** With the ports, where the load balancer says them: the host may have refused those that the service asks for. */
    private static String address(LoadBalancerIngress ingress) {
        String host = ingress.getIp() == null ? ingress.getHostname() : ingress.getIp();
        String ports = ingress.getPorts().stream()
                .map(port -> String.valueOf(port.getPort()))
                .collect(Collectors.joining(", "));
        return ports.isEmpty() ? host : host + ", ports " + ports;
    }

    private void nameCustomObjects() {
        for (Kind<?> kind : Kinds.all()) {
            CustomResourceDefinition definition = client.apiextensions()
                    .v1()
                    .customResourceDefinitions()
                    .withName(kind.crdName())
                    .get();
            if (definition == null || !MeshManifest.isMarked(definition)) {
                continue;
            }
            client.genericKubernetesResources(new ResourceDefinitionContext.Builder()
                            .withGroup(kind.group())
                            .withVersion(kind.versions().getFirst())
                            .withKind(kind.name())
                            .withPlural(kind.plural())
                            .withNamespaced(kind.isNamespaced())
                            .build())
                    .inAnyNamespace()
                    .list()
                    .getItems()
                    .forEach(object -> progress.accept("goes with its kind: " + name(object)));
        }
    }

    private static int count(@Nullable Integer value) {
        return value == null ? 0 : value;
    }

    private static String name(HasMetadata object) {
        String namespace = object.getMetadata().getNamespace();
        return object.getKind() + " " + (namespace == null ? "" : namespace + "/")
                + object.getMetadata().getName();
    }

    private String explain(KubernetesClientException failure) {
        String cluster = client.getConfiguration().getMasterUrl();
        return switch (failure.getCode()) {
            case 0 ->
                "the cluster at " + cluster + " does not answer: "
                        + (failure.getCause() == null
                                ? failure.getMessage()
                                : failure.getCause().getMessage())
                        + "; start one with: lateen up, or name one with --kubeconfig";
            case HttpURLConnection.HTTP_UNAUTHORIZED -> "the cluster at " + cluster + " does not know this user";
            case HttpURLConnection.HTTP_FORBIDDEN ->
                "the cluster at " + cluster + " forbids it: " + failure.getMessage();
            default ->
                "the cluster at " + cluster + " refused: " + failure.getMessage()
                        + (failure.getCause() == null
                                ? ""
                                : " (" + failure.getCause().getMessage() + ")");
        };
    }
}
