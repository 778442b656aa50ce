package dev.lateen.acceptance.kubernetes;

import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;

/** Tokens as an API gives them for service accounts. */
final class ServiceAccountTokens {
    private ServiceAccountTokens() {}

    /**
     * A token for an hour.
     *
     * @param account {@code NAMESPACE/NAME}
     * @param audiences whom it is for; the API itself without any
     */
    static String of(KubernetesClient client, String account, String... audiences) {
        String[] parts = account.split("/", -1);
        return client.serviceAccounts()
                .inNamespace(parts[0])
                .withName(parts[1])
                .tokenRequest(new TokenRequestBuilder()
                        .withNewSpec()
                        .withAudiences(audiences)
                        .withExpirationSeconds(3600L)
                        .endSpec()
                        .build())
                .getStatus()
                .getToken();
    }
}
