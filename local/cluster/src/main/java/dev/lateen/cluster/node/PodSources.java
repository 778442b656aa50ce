package dev.lateen.cluster.node;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What pods take from the API when they start. Every method may block and may throw what the client throws. */
interface PodSources {
    /** The config map, or null. */
    @Nullable
    ConfigMap configMap(String namespace, String name);

    /** The secret, or null. */
    @Nullable
    Secret secret(String namespace, String name);

    /** A new token of the pod's service account, bound to the pod. */
    String token(Pod pod, @Nullable String audience, long seconds);

    /** {@code NAME_SERVICE_HOST} and its like, for the services of a namespace. */
    Map<String, String> serviceEnvironment(String namespace);
}
