//! Where tokens are kept.

use std::sync::Arc;
use std::time::Duration;

use hongyan::{AppId, FileTokens, MemoryTokens, Secret, StoredToken, Timestamp, TokenStore};

use crate::stand_in::StandIn;

const LONG: Duration = Duration::from_secs(20);

fn token(text: &str) -> StoredToken {
    StoredToken { token: Secret::new(text), expires_at: Timestamp(9), fence: 0 }
}

fn scratch() -> (tempfile::TempDir, FileTokens) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokens::new(folder.path().join("deep/tokens.json"));
    (folder, store)
}

#[tokio::test]
async fn an_old_fence_does_not_overwrite_a_newer_token() {
    let (_folder, file) = scratch();
    let stores: [Arc<dyn TokenStore>; 2] = [Arc::new(MemoryTokens::default()), Arc::new(file)];
    for store in stores {
        let app = AppId::from("wx1");
        let old = store.lease(&app, Timestamp(0), LONG).await.unwrap().unwrap();
        assert_eq!(store.lease(&app, Timestamp(1), LONG).await.unwrap(), None);
        let new = store.lease(&app, Timestamp(20_000), LONG).await.unwrap().unwrap();
        assert!(new > old);
        assert!(store.save(&app, new, token("new")).await.unwrap());
        assert!(!store.save(&app, old, token("old")).await.unwrap());
        let kept = store.load(&app).await.unwrap().unwrap();
        assert_eq!((kept.token.expose(), kept.fence), ("new", new));
        assert_eq!(store.load(&AppId::from("wx2")).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_lease_that_is_given_back_is_free_at_once() {
    let (_folder, file) = scratch();
    let app = AppId::from("wx1");
    let fence = file.lease(&app, Timestamp(0), LONG).await.unwrap().unwrap();
    file.release(&app, fence).await.unwrap();
    assert!(file.lease(&app, Timestamp(1), LONG).await.unwrap().is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_private_even_after_a_looser_one() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, store) = scratch();
    let path = folder.path().join("deep/tokens.json");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "not ours").unwrap();
    let app = AppId::from("wx1");
    let fence = store.lease(&app, Timestamp(0), LONG).await.unwrap().unwrap();
    store.save(&app, fence, token("kept")).await.unwrap();
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    assert!(std::fs::read_to_string(&path).unwrap().contains("kept"));
}

#[tokio::test]
async fn one_program_after_another_uses_the_token_in_the_file() {
    let (_folder, store) = scratch();
    let platform = StandIn::start().await;
    for _ in 0..3 {
        let client = platform.builder().token_store(Arc::new(store.clone())).build().unwrap();
        assert_eq!(client.token().await.unwrap().token.expose(), "token-number-1");
    }
    assert_eq!(platform.tokens(), 1);
}

#[tokio::test]
async fn many_writers_at_once_lose_nothing() {
    let (_folder, store) = scratch();
    let writers: Vec<_> = (0..20)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let app = AppId::new(format!("wx{number}"));
                let fence = store.lease(&app, Timestamp(0), LONG).await.unwrap().unwrap();
                assert!(store.save(&app, fence, token(&format!("t{number}"))).await.unwrap());
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for number in 0..20 {
        let kept = store.load(&AppId::new(format!("wx{number}"))).await.unwrap().unwrap();
        assert_eq!(kept.token.expose(), format!("t{number}"));
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("is-a-folder");
    std::fs::create_dir(&path).unwrap();
    let platform = StandIn::start().await;
    let client = platform.builder().token_store(Arc::new(FileTokens::new(&path))).build().unwrap();
    let error = client.token().await.unwrap_err().to_string();
    assert!(error.contains("is-a-folder"), "{error}");
}
