package dev.lateen.ops;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Pods of a cluster, found by what the user of a verb calls them. Each method asks the API anew, and throws {@code
 * KubernetesClientException} when that does not answer. Thread-safe.
 */
public final class MeshPods {
    /** Where the control plane runs, and what was installed beside it. */
    public static final String SYSTEM_NAMESPACE = "istio-system";

    /** The container that a proxy runs in. */
    public static final String PROXY_CONTAINER = "istio-proxy";

    private static final String PROMETHEUS = "prometheus";
    private static final Pattern SERVICE_HOST = Pattern.compile("([^.]+)\\.([^.]+)\\.svc(\\..*)?");

    private final KubernetesClient client;

    public MeshPods(KubernetesClient client) {
        this.client = client;
    }

    /** {@code NAMESPACE/NAME}. */
    public static String name(Pod pod) {
        return pod.getMetadata().getNamespace() + "/" + pod.getMetadata().getName();
    }

    /** Kind, namespace and name of a pod. */
    public static ObjectName objectName(Pod pod) {
        return new ObjectName(
                "Pod", pod.getMetadata().getNamespace(), pod.getMetadata().getName());
    }

    /**
     * Reads {@code [KIND/]NAME[.NAMESPACE]}, or the host of a service. A pod's name may have dots, a namespace's has none.
     *
     * @param kind unless the text names one
     * @param namespace unless the text names one
     */
    public static ObjectName parse(String text, String kind, String namespace) {
        int slash = text.indexOf('/');
        String named = text.substring(slash + 1);
        String said = slash < 0 ? kind : text.substring(0, slash);
        Matcher host = SERVICE_HOST.matcher(named);
        if (host.matches()) {
            return new ObjectName(said, host.group(2), host.group(1));
        }
        int dot = named.lastIndexOf('.');
        return dot < 0
                ? new ObjectName(said, namespace, named)
                : new ObjectName(said, named.substring(dot + 1), named.substring(0, dot));
    }

    /** All running pods with a proxy. */
    public List<Pod> withProxy() {
        return withProxy(client.pods().inAnyNamespace().list().getItems());
    }

    /**
     * The pod of this name, or those of the service of this name, that run with a proxy; at least one.
     *
     * @param text {@code NAME} or {@code NAME.NAMESPACE}
     * @param namespace unless the text names one
     */
    public List<Pod> ofPodOrService(String text, String namespace) throws OperationException {
        ObjectName wanted = parse(text, "", namespace);
        String shown = wanted.namespace() + "/" + wanted.name();
        Pod pod = client.pods()
                .inNamespace(wanted.namespace())
                .withName(wanted.name())
                .get();
        if (pod != null) {
            return checked(withProxy(List.of(pod)), "pod " + shown + " has no proxy, or does not run");
        }
        Service service = client.services()
                .inNamespace(wanted.namespace())
                .withName(wanted.name())
                .get();
        if (service == null) {
            throw new OperationException(
                    "there is no pod and no service " + wanted.name() + " in namespace " + wanted.namespace());
        }
        Map<String, String> selector = service.getSpec().getSelector();
        if (selector == null || selector.isEmpty()) {
            throw new OperationException("service " + shown + " selects no pods");
        }
        return checked(
                withProxy(labelled(wanted.namespace(), selector)), "no pod of service " + shown + " runs with a proxy");
    }

    /**
     * The pod of this name, whether it is there or not, or the first running one of the deployment of this name.
     *
     * @param text {@code POD}, {@code POD.NAMESPACE}, or {@code deployment/NAME[.NAMESPACE]}
     * @param namespace unless the text names one
     */
    public ObjectName ofPodOrDeployment(String text, String namespace) throws OperationException {
        ObjectName wanted = parse(text, "pod", namespace);
        return switch (wanted.kind()) {
            case "pod", "pods", "po" -> new ObjectName("Pod", wanted.namespace(), wanted.name());
            case "deployment", "deployments", "deploy" -> ofDeployment(wanted.namespace(), wanted.name());
            default -> throw new OperationException("expected pod/NAME or deployment/NAME, found " + text);
        };
    }

    private ObjectName ofDeployment(String namespace, String name) throws OperationException {
        var deployment = client.apps()
                .deployments()
                .inNamespace(namespace)
                .withName(name)
                .get();
        if (deployment == null) {
            throw new OperationException("there is no deployment " + name + " in namespace " + namespace);
        }
        return labelled(namespace, deployment.getSpec().getSelector().getMatchLabels()).stream()
                .filter(MeshPods::runs)
                .map(pod -> pod.getMetadata().getName())
                .min(Comparator.naturalOrder())
                .map(pod -> new ObjectName("Pod", namespace, pod))
                .orElseThrow(() ->
                        new OperationException("no pod of deployment " + name + " runs in namespace " + namespace));
    }

    /** The pods of a namespace with this label {@code app}. */
    public List<Pod> ofApp(String app, String namespace) {
        return labelled(namespace, Map.of("app", app));
    }

    /**
     * The pods of the control plane that run, by name; at least one.
     *
     * @param namespace of the control plane
     */
    public List<Pod> controlPlane(String namespace) throws OperationException {
        return checked(
                ofApp("istiod", namespace).stream()
                        .filter(MeshPods::runs)
                        .sorted(Comparator.comparing(MeshPods::name))
                        .toList(),
                "no control plane runs in namespace " + namespace);
    }

    /**
     * A pod of what is installed beside the control plane.
     *
     * @param app its label {@code app}
     * @param setting of {@code install} that switches it on
     */
    public Pod addOn(String app, String setting) throws OperationException {
        return ofApp(app, SYSTEM_NAMESPACE).stream()
                .findFirst()
                .orElseThrow(() -> new OperationException("no pod of " + SYSTEM_NAMESPACE + " has label app=" + app
                        + "; switch it on with: lateen install --set " + setting + ".enabled=true"));
    }

    /**
     * A running pod of a Prometheus, which others install: by the labels that its chart and Istio's samples give it; one
     * of the mesh's namespace before others.
     */
    public Pod prometheus() throws OperationException {
        return client.pods().inAnyNamespace().list().getItems().stream()
                .filter(MeshPods::runs)
                .filter(MeshPods::isPrometheus)
                .min(Comparator.comparing((Pod pod) ->
                                !SYSTEM_NAMESPACE.equals(pod.getMetadata().getNamespace()))
                        .thenComparing(MeshPods::name))
                .orElseThrow(() -> new OperationException("no pod with label app.kubernetes.io/name=prometheus, or"
                        + " app=prometheus, runs in any namespace; Lateen installs none"));
    }

    private static boolean isPrometheus(Pod pod) {
        Map<String, String> labels = pod.getMetadata().getLabels();
        return labels != null
                && (PROMETHEUS.equals(labels.get("app.kubernetes.io/name")) || PROMETHEUS.equals(labels.get("app")));
    }

    private List<Pod> labelled(String namespace, Map<String, String> labels) {
        return client.pods().inNamespace(namespace).withLabels(labels).list().getItems();
    }

    private static List<Pod> checked(List<Pod> pods, String otherwise) throws OperationException {
        if (pods.isEmpty()) {
            throw new OperationException(otherwise);
        }
        return pods;
    }

    private static List<Pod> withProxy(List<Pod> pods) {
        return pods.stream()
                .filter(MeshPods::runs)
                .filter(pod -> pod.getSpec().getContainers().stream()
                        .anyMatch(container -> container.getName().equals(PROXY_CONTAINER)))
                .toList();
    }

    private static boolean runs(Pod pod) {
        return pod.getStatus() != null && "Running".equals(pod.getStatus().getPhase());
    }
}
