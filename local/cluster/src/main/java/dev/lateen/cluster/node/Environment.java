package dev.lateen.cluster.node;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvFromSource;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarSource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The environment of a container, put together from its specification, and the words in which it is used. */
final class Environment {
    private final Pod pod;
    private final PodSources sources;
    private final String address;
    private final String hostAddress;

    Environment(Pod pod, PodSources sources, String address, String hostAddress) {
        this.pod = pod;
        this.sources = sources;
        this.address = address;
        this.hostAddress = hostAddress;
    }

    /** Later sources win: {@code base}, the services, {@code envFrom}, {@code env}. */
    Map<String, String> of(Container container, Map<String, String> base) throws ConfigurationException {
        Map<String, String> result = new LinkedHashMap<>(base);
        if (!Boolean.FALSE.equals(pod.getSpec().getEnableServiceLinks())) {
            result.putAll(sources.serviceEnvironment(pod.getMetadata().getNamespace()));
        } else {
            sources.serviceEnvironment(pod.getMetadata().getNamespace()).forEach((name, value) -> {
                if (name.startsWith("KUBERNETES_")) {
                    result.put(name, value);
                }
            });
        }
        for (EnvFromSource each : container.getEnvFrom()) {
            addAll(result, each);
        }
        for (EnvVar each : container.getEnv()) {
            String value = each.getValueFrom() == null
                    ? expand(each.getValue() == null ? "" : each.getValue(), result)
                    : value(container, each.getValueFrom());
            if (value != null) {
                result.put(each.getName(), value);
            }
        }
        return result;
    }

    private void addAll(Map<String, String> result, EnvFromSource from) throws ConfigurationException {
        String prefix = from.getPrefix() == null ? "" : from.getPrefix();
        if (from.getConfigMapRef() != null) {
            var ref = from.getConfigMapRef();
            ConfigMap map = configMap(ref.getName(), Boolean.TRUE.equals(ref.getOptional()));
            if (map != null && map.getData() != null) {
                map.getData().forEach((key, value) -> result.put(prefix + key, value));
            }
        }
        if (from.getSecretRef() != null) {
            var ref = from.getSecretRef();
            Secret secret = secret(ref.getName(), Boolean.TRUE.equals(ref.getOptional()));
            if (secret != null && secret.getData() != null) {
                secret.getData().forEach((key, value) -> result.put(prefix + key, decode(value)));
            }
        }
    }

    private @Nullable String value(Container container, EnvVarSource source) throws ConfigurationException {
        if (source.getFieldRef() != null) {
            return Fields.of(pod, address, hostAddress, source.getFieldRef().getFieldPath());
        }
        if (source.getResourceFieldRef() != null) {
            return Fields.resource(container, source.getResourceFieldRef());
        }
        if (source.getConfigMapKeyRef() != null) {
            var ref = source.getConfigMapKeyRef();
            boolean optional = Boolean.TRUE.equals(ref.getOptional());
            ConfigMap map = configMap(ref.getName(), optional);
            String value =
                    map == null || map.getData() == null ? null : map.getData().get(ref.getKey());
            if (value == null && !optional) {
                throw new ConfigurationException("couldn't find key " + ref.getKey() + " in ConfigMap "
                        + pod.getMetadata().getNamespace() + "/" + ref.getName());
            }
            return value;
        }
        if (source.getSecretKeyRef() != null) {
            var ref = source.getSecretKeyRef();
            boolean optional = Boolean.TRUE.equals(ref.getOptional());
            Secret secret = secret(ref.getName(), optional);
            String value = secret == null || secret.getData() == null
                    ? null
                    : secret.getData().get(ref.getKey());
            if (value == null && !optional) {
                throw new ConfigurationException("couldn't find key " + ref.getKey() + " in Secret "
                        + pod.getMetadata().getNamespace() + "/" + ref.getName());
            }
            return value == null ? null : decode(value);
        }
        return "";
    }

    private @Nullable ConfigMap configMap(String name, boolean optional) throws ConfigurationException {
        ConfigMap map = sources.configMap(pod.getMetadata().getNamespace(), name);
        if (map == null && !optional) {
            throw new ConfigurationException("configmap \"" + name + "\" not found");
        }
        return map;
    }

    private @Nullable Secret secret(String name, boolean optional) throws ConfigurationException {
        Secret secret = sources.secret(pod.getMetadata().getNamespace(), name);
        if (secret == null && !optional) {
            throw new ConfigurationException("secret \"" + name + "\" not found");
        }
        return secret;
    }

    private static String decode(String base64) {
        return new String(Base64.getMimeDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    /** Replaces {@code $(NAME)} in each word; {@code $$} is a dollar, an unknown name stays as it is. */
    static List<String> expand(List<String> words, Map<String, String> env) {
        return words.stream().map(word -> expand(word, env)).toList();
    }

    /** Replaces {@code $(NAME)}; {@code $$} is a dollar, an unknown name stays as it is. */
    static String expand(String text, Map<String, String> env) {
        var result = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            char each = text.charAt(at);
            char next = at + 1 < text.length() ? text.charAt(at + 1) : ' ';
            int end = each == '$' && next == '(' ? text.indexOf(')', at) : -1;
            if (each == '$' && next == '$') {
                result.append('$');
                at += 2;
            } else if (end > 0) {
                String value = env.get(text.substring(at + 2, end));
                result.append(value == null ? text.substring(at, end + 1) : value);
                at = end + 1;
            } else {
                result.append(each);
                at++;
            }
        }
        return result.toString();
    }
}
