package dev.lateen.control.secret;

import dev.lateen.config.ObjectName;
import io.fabric8.kubernetes.api.model.Secret;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Where Secrets are. Safe for many threads. */
interface SecretSource extends AutoCloseable {
    /** The Secret as it is now; null when there is none, or when it has not been read yet. */
    @Nullable
    Secret get(ObjectName name);

    /** From now on these are wanted, and no others. Returns at once. */
    void want(Set<ObjectName> names);

    @Override
    void close();
}
