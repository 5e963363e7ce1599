-- Runs once, when the volume `postgres` is empty. Each service has a role of its own that owns its database and cannot
-- open the other one; the superuser's password is known to `postgres` alone.
\getenv dagster_password DAGSTER_DB_PASSWORD
\getenv mlflow_password MLFLOW_DB_PASSWORD
CREATE ROLE dagster LOGIN PASSWORD :'dagster_password';
CREATE ROLE mlflow LOGIN PASSWORD :'mlflow_password';
CREATE DATABASE dagster OWNER dagster;
CREATE DATABASE mlflow OWNER mlflow;
REVOKE CONNECT, TEMPORARY ON DATABASE dagster, mlflow, postgres, template1 FROM PUBLIC;
