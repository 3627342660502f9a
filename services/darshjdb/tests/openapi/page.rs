use crate::STAGE;

/// Mutant: a policy that allows what is not in the page.
#[tokio::test]
async fn the_page_loads_nothing_and_runs_nothing_but_itself() {
    let answer = STAGE.cast().await.anon.get("/api/docs").await.expect(200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    let directives: Vec<&str> = policy.split(';').map(str::trim).collect();
    for directive in
        ["default-src 'none'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]
    {
        assert!(directives.contains(&directive), "{directive}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
    let page = answer.text();
    // The address in the lines to copy is the only one.
    let text = page.replace("http://localhost:7700", "").replace("http://localhost:3000", "");
    assert!(!text.contains("://") && !text.contains("src=") && !text.contains("<link"), "the page names no other resource");
    assert_eq!(page.matches("<script>").count(), 1);
    assert!(page.contains("fetch(\"openapi.json\")"), "it shows the served document");
}
