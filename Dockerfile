FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl tini && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home faultline
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY --chown=faultline . .
RUN mkdir -p /app/data && chown faultline /app/data
USER faultline
ENV FAULTLINE_DATA_DIR=/app/data
VOLUME /app/data
EXPOSE 8501
HEALTHCHECK --start-period=20s CMD curl --fail --silent http://localhost:8501/_stcore/health
# tini reaps job processes that outlive a stopped server.
ENTRYPOINT ["tini", "--"]
CMD ["streamlit", "run", "app.py", "--server.address", "0.0.0.0"]
